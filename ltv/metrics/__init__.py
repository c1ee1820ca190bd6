"""What a growth team reads. Frames in, frames out, with the columns estimate, low, high, n and known."""
