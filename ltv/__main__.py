"""`python -m ltv`."""

from ltv.cli import main

if __name__ == "__main__":
    main()
