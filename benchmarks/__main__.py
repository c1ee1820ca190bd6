"""`python -m benchmarks [fit [job] | calibration [sets [family]]]`: measure, print, and write the tables beside the code."""

from __future__ import annotations

import sys

from benchmarks import accuracy, calibration, fit_speed


def main(arguments: list[str]) -> int:
    match arguments:
        case [] | ["fit"]:
            print(fit_speed.write())
        case ["fit", only]:
            fit_speed.write(only)
        case ["accuracy"]:
            print(accuracy.write())
        case ["calibration"]:
            print(calibration.write())
        case ["calibration", sets]:
            print(calibration.write(int(sets)))
        case ["calibration", sets, family]:
            print(calibration.write(int(sets), family))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
