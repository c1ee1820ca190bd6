"""Who came, stayed, returned and left, period by period, and how busy the active are."""
