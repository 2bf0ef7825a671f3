"""Functions of matrices that rules need, of @, .T and arithmetic: they run wherever the rules run."""

from .ops import addmm, maximum, norm


def odd_polynomial(x, coefficients):
    """Return a·X + b·(XXᵀ)·X + c·(XXᵀ)²·X.

    With X = UΣVᵀ this is U(aΣ + bΣ³ + cΣ⁵)Vᵀ: each singular value goes through the polynomial, no direction changes.

    Parameters
    ----------
    x : matrix
        With `shape`, ``@`` and ``.T``: a tensor of torch or of ScratchGrad, an array of NumPy, a `Diagonal`.
    coefficients : (float, float, float)
        a, b and c.
    """
    a, b, c = coefficients
    gram = x @ x.T
    return addmm(x, addmm(gram, gram, gram, b, c), x, a, 1)


def newton_schulz(x, coefficients, steps, eps):
    """Bring all singular values of a matrix towards 1 and leave its directions as they are; no decomposition.

    X ← X/max(‖X‖, eps), whose singular values are at most 1, and then `steps` times the `odd_polynomial` of X. With
    (1.5, -0.5, 0) or (15/8, -10/8, 3/8) they all converge to 1; with Muon's (3.4445, -4.775, 2.0315) small ones grow
    faster, and all end up between about 0.7 and 1.2.

    Parameters
    ----------
    x : matrix
        As for `odd_polynomial`. What is computed is rounded as its own arithmetic rounds: Muon hands over bfloat16.
    coefficients : (float, float, float)
        a, b and c of the polynomial a·s + b·s³ + c·s⁵.
    steps : int >= 0
    eps : float >= 0
        Keeps the divisor from zero; a matrix shorter than that comes out shorter.

    Returns
    -------
    matrix
        Of the shape of x.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[3.0, 1.0], [-1.0, 2.0], [0.0, 1.0]])
    >>> y = newton_schulz(x, (1.5, -0.5, 0.0), 12, 1e-7)
    >>> np.allclose(y.T @ y, np.eye(2))
    True
    """
    tall = x.shape[0] > x.shape[1]
    y = x.T if tall else x  # the Gram matrix is then the smaller one
    y = y / maximum(norm(y), eps)
    for _ in range(int(steps)):
        y = odd_polynomial(y, coefficients)
    return y.T if tall else y
