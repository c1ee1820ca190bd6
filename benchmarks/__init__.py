"""What is claimed of speed and of calibration, measured: `python -m benchmarks`."""
