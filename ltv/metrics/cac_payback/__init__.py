"""What customers cost, what they have earned and will earn, and when the one covers the other."""
