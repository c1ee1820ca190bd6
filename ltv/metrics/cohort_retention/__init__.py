"""Who stays and orders again, cohort by cohort, and what a model says of the same customers."""
