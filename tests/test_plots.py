"""What pictures decide for themselves."""

import pandas as pd

from ltv.plots.drawing import happened


def test_a_sum_is_solid_up_to_the_last_age_of_which_nine_tenths_have_happened():
    frame = pd.DataFrame({"realised": [10, 19, 26, 36, 30], "estimate": [10, 20, 30, 40, 45], "reached": True})
    assert happened(frame).index.tolist() == [0, 1, 2, 3]  # age 2 has less, age 3 more: the line does not break
    assert happened(frame.iloc[[4]]).empty
    young = frame.assign(reached=[True, True, True, False, False])
    assert happened(young).index.tolist() == [0, 1]  # nobody is three months old: nothing of that age has happened
