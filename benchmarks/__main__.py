"""`python -m benchmarks [fit [job] | bayes | accuracy [--protocol] [--orders FILE ...] | calibration [sets [family]] | fuzz [n] | readme]`: measure, print, write the tables.

Without a word: fits, forecasts and the whole job beside lifetimes, and the page of all tables.
"""

from __future__ import annotations

import subprocess
import sys

from benchmarks import accuracy, bayes, calibration, fit_speed, forecasts, fuzz, summary


def main(arguments: list[str]) -> int:
    match arguments:
        case []:
            print(fit_speed.write())
            print(bayes.write() if bayes.installed() else bayes.ABSENT)
            print(accuracy.write())
            subprocess.run([sys.executable, "-m", "benchmarks.scale"], check=True)
            print(summary.write())
        case ["fit", *only]:
            print(fit_speed.write(*only[:1]))
        case ["bayes"]:
            print(bayes.write())
        case ["accuracy"]:
            print(accuracy.write())
        case ["accuracy", "--protocol", *log]:
            print(forecasts.main(log))
        case ["accuracy", *log]:
            print(accuracy.of_orders(log))
        case ["calibration", *some] if len(some) < 3:
            print(calibration.write(*map(int, some[:1]), *some[1:]))
        case ["fuzz", *some] if len(some) < 2:
            told, right = fuzz.table(*map(int, some or ["3000"]))
            print(told)
            return 0 if right else 1
        case ["readme"]:
            print(summary.write())
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
