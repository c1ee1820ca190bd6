"""What customers are still worth: simulated futures, values by group, scores of all customers."""
