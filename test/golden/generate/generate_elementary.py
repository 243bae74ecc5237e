"""python3 generate_elementary.py > ../elementary.json: exp, log, log1p and cos(pi x) by mpmath 1.3 with 200 bits, as the nearest float64."""

import json
import random
import struct

import mpmath

mpmath.mp.prec = 200
draw = random.Random(11)


def number(exponents):
    """A float64 with any digits, its exponent evenly among those given."""
    return draw.choice((-1.0, 1.0)) * mpmath.ldexp(1 + draw.getrandbits(52) / 2**52, draw.randint(*exponents))


def cases(function, xs):
    return [[float(x), float(function(mpmath.mpf(float(x))))] for x in xs]


subnormal = [struct.unpack("<d", struct.pack("<Q", draw.getrandbits(52) or 1))[0] for _ in range(12)]
around_one = [1 + number((-52, -2)) for _ in range(60)]
halves = [i / 64 for i in range(130)]
print(
    json.dumps(
        {
            "exp": cases(
                mpmath.exp,
                [draw.uniform(-745, 709.7) for _ in range(150)]
                + [number((-60, 3)) for _ in range(100)]
                + [0, -745.13, -744.5, -708.4, 709.782712893384, 0.34657359027997264, -0.34657359027997264],
            ),
            "log": cases(
                mpmath.log,
                [abs(number((-1022, 1023))) for _ in range(100)]
                + around_one
                + [abs(number((-3, 4))) for _ in range(60)]
                + subnormal
                + [1, 2, 10, 0.5, 5e-324, 1.7976931348623157e308, 2**0.5, 0.5**0.5],
            ),
            "log1p": cases(
                mpmath.log1p,
                [number((-60, -2)) for _ in range(100)]
                + [abs(number((-2, 1023))) for _ in range(40)]
                + [draw.uniform(-1 + 1e-12, 0) for _ in range(60)]
                + [0, 1e-300, -5e-324, -0.5],
            ),
            "cosPi": cases(
                lambda x: mpmath.cospi(x), [draw.uniform(0, 1) for _ in range(150)] + halves + [number((-40, 12)) for _ in range(60)]
            ),
        },
        separators=(",", ":"),
    )
)
