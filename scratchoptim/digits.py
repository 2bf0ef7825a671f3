"""digits: numbers for readers. It runs in the page too."""


def show(x, digits=4):
    """Return a number for readers: four digits, a real minus, 1e6 for 1e+06.

    >>> show(-0.30000000000000004), show(2e-07), show(12.0), show(3.4445, 3)
    ('−0.3', '2e−7', '12', '3.44')
    """
    # A tie such as 7.8125 is rounded up, also by a Python that would round it to even. 0.0 takes the sign off -0.
    text = ("{:." + str(digits) + "g}").format(x * (1 + 1e-13) + 0.0)
    return text.replace("e+0", "e").replace("e+", "e").replace("e-0", "e-").replace("-", "−")
