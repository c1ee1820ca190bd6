"""Forecasts made on the past and graded by what came."""
