"""Anything an analyst holds → a table on an engine, every cell as it came; and the forms of cells: dates, amounts."""
