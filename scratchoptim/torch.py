"""Every rule as a real torch optimizer: ``import scratchoptim.torch as optim`` for ``import torch.optim as optim``.

A class of this module *is* the rule and *is* a ``torch.optim.Optimizer``: torch's learning-rate schedulers, GradScaler
and trainers take it. It has its torch twin's whole signature, reads and writes its twin's checkpoints, and adds once,
for all rules, what transforms gradient and parameter before any rule sees them: maximize and weight decay.
"""

import inspect

import torch
from torch.optim import lr_scheduler  # users of torch.optim expect it here

from .catalog import CATALOG
from .catalog import row as catalog_row
from .compile import compiled
from .compile.pieces import Pieces, in_pieces
from .optimizer import OFF
from .optimizer import Optimizer as Rule
from .torch_lookahead import Lookahead

REFUSED = {
    "foreach": "torch picks an implementation by it; for speed, hand the optimizer to scratchoptim.torch.compiled",
    "fused": "torch picks an implementation by it; for speed, hand the optimizer to scratchoptim.torch.compiled",
    "capturable": "it makes torch's step capturable in a CUDA graph; torch.compile the step instead",
    "differentiable": "to differentiate through a step, call the rule itself: update is a pure function of tensors",
}
# What is off in a checkpoint that does not say it: of a rule without torch, or of an older torch.
UNSAID = dict(OFF, amsgrad=False, decoupled_weight_decay=False)


class TorchOptimizer(torch.optim.Optimizer):
    """What torch adds to a rule: its interface, maximize, and weight decay, coupled to the gradient or decoupled."""

    may_lack = UNSAID

    _engine = None  # what runs the step in place of Rule.step; see `compiled`

    def step(self, closure=None):
        """Update every parameter that has a gradient; return the closure's loss, or None.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and the gradients anew and returns the loss.
        """
        if self._engine is None or self.needs_closure or torch.compiler.is_compiling():
            return self._eagerly(closure)
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self._engine.step(self)
        return loss

    def _eagerly(self, closure):
        """Take a step by the rule's own loop."""
        if self._engine is not None and self.needs_closure:
            self._engine.say(self, "its step looks at the loss in several places")
        with torch.enable_grad():  # the closure must record; the rule sees detached tensors and records nothing
            return self.row.rule.step(self, closure)

    def add_param_group(self, group):
        """Add a dict of "params" and of hyperparameters that differ from the defaults."""
        if isinstance(group, dict):
            params = group.get("params", ())
            if not isinstance(params, (torch.Tensor, set)):  # torch sees to those
                params = list(params)
                if len({id(p) for p in params}) < len(params):
                    raise ValueError(f"{self._name}: a parameter is in the group twice; each parameter may come once")
                self._check_dense(params)
            for i, p in enumerate([params] if isinstance(params, torch.Tensor) else params):
                self._check_matrix(i, p)
            group = dict(self.defaults, **dict(group, params=params))
            self._check(group)
            group = self.admit(group)
        torch.optim.Optimizer.add_param_group(self, group)

    def state_dict(self):
        """Return memory and settings in torch's layout and names.

        The tensors are those in use, as torch's are: copy what is to be kept. A step replaces small ones; it writes
        into those that are compiled, or so large that it works in pieces, or have sparse gradients.
        """
        saved = torch.optim.Optimizer.state_dict(self)
        number = {id(p): i for i, p in enumerate(self._parameters())}
        state = {number[id(p)]: self._outward(memory) for p, memory in self._known().items()}
        groups = [dict(group, **self.group_saved_too) for group in saved["param_groups"]]
        return dict(saved, state=state, param_groups=groups)

    def load_state_dict(self, saved):
        """Take over a checkpoint of this optimizer, of the rule on any engine, or of the torch twin.

        Raises
        ------
        TypeError, ValueError
            If it does not fit: other groups, shapes or settings. Nothing has changed then.
        """
        saved = as_tensors(saved)
        memories = self._memories(saved)
        unsaid = {name: off for name, off in UNSAID.items() if name in self.defaults}
        groups = [dict(unsaid, **group) for group in saved["param_groups"]]
        torch.optim.Optimizer.load_state_dict(self, dict(saved, state={}, param_groups=groups))
        self.state.update(memories)

    def _check_dense(self, params):
        """Refuse, for a rule of sparse gradients, parameters that torch's twin refuses: sparse or complex ones."""
        for i, p in enumerate(params if not self.row.dense else ()):
            if isinstance(p, torch.Tensor) and (p.is_sparse or p.is_complex()):
                kind = "sparse" if p.is_sparse else "complex"
                raise ValueError(f"{self._name}: params[{i}] must be a dense tensor of real numbers, got a {kind} one")

    def __getstate__(self):
        return dict(torch.optim.Optimizer.__getstate__(self), _engine=self._engine)

    def __setstate__(self, state):
        torch.optim.Optimizer.__setstate__(self, state)
        self.defaults.pop("differentiable", None)  # torch puts it there for its own classes

    def _rule(self, group):
        """Return what has the `init`, `update` and `saved_as` of a group: this rule, or one that a setting picks."""
        for setting, name in self.row.variants.items():
            if group.get(setting):
                return _BARE[name]
        return self

    def _settings(self, group):
        return {name: group[name] for name in self._rule(group).hyperparameters}

    def _gradient(self, p, group):
        if not self.row.dense:
            got = f"got a dense one for a parameter of shape {tuple(p.shape)}"
            raise TypeError(f"{self._name} needs sparse gradients, {got}; for dense ones there is Adam")
        return self.row.rule._gradient(self, p, group)

    def _seen(self, p, g, group):
        """Return parameter and gradient as the rule is to see them; also of symbols, when a step is compiled."""
        g = -g if group.get("maximize") else g
        decay = self._decay(group)
        if decay == 0:
            return p, g
        return (p * (1 - group["lr"] * decay), g) if self._decoupled(group) else (p, g + decay * p)

    def _decay(self, group):
        """Return the weight decay that is added to the rule; 0 if the rule has one of its own."""
        return 0 if "weight_decay" in self._rule(group).hyperparameters else group.get("weight_decay", 0)

    def _decoupled(self, group):
        """Whether weight decay acts on the parameter itself: if so asked, or in a variant of a rule that has it so."""
        return "weight_decay" in self.hyperparameters or group.get("decoupled_weight_decay", False)

    # Sparse gradients: the rule is handed the rows that they touch, and these are written back ----------------------

    def _updates(self, group):
        updates, others = [], []
        for p in group["params"]:
            if p.grad is not None and p.grad.is_sparse and self.row.sparse is not None:
                updates.append(self._of_rows(p, group))
            elif p.grad is not None:
                pieces = in_pieces(self, p, group)
                (others if pieces is None else updates).append(p if pieces is None else pieces)
        return [*updates, *Rule._updates(self, dict(group, params=others))]

    def _of_rows(self, p, group):
        """Return p and the update of the rows that its sparse gradient touches."""
        needed = dict(self.row.sparse, weight_decay=0)
        for name, value in needed.items():
            if group.get(name, value) != value:
                reason = "otherwise each row moves in each step, and to_dense() makes the gradient fit for that"
                raise ValueError(f"{self._name} takes a sparse gradient only with {name}={value}: {reason}")
        g = p.grad.detach().coalesce()  # the rows that are there twice are added up
        if g.shape != p.shape:
            raise ValueError(f"{self._name}: the gradient of a parameter of shape {p.shape} has shape {g.shape}")
        rows, values = tuple(g.indices()), -g.values() if group["maximize"] else g.values()
        memory = self.state.get(p) or self.init(p.detach())
        seen = {name: m[rows] if _of_elements(m) else m for name, m in memory.items()}
        new, seen = self.update(p.detach()[rows], values, **seen, **self._settings(group))
        return p, (_Rows((rows, new, memory)), seen)

    def _write(self, p, new, memory):
        if isinstance(new, Pieces):
            memory = new.write(memory)
            if memory:
                self.state[p] = memory
            return
        if not isinstance(new, _Rows):
            return Rule._write(self, p, new, memory)
        rows, values, whole = new
        p.detach()[rows] = values
        for name, value in memory.items():
            if _of_elements(value):
                whole[name][rows] = value
            else:
                whole[name] = value
        self.state[p] = whole

    def _outward(self, memory):
        """Return the memory under torch's names; torch has its numbers as tensors, except in SparseAdam."""
        named = self.row.rule._outward(self, memory)
        if "step" in named and self.row.dense:
            named["step"] = torch.tensor(float(named["step"]))
        for name in ("mu_product", "eta", "mu"):
            if name in named:  # in double precision, so that training goes on exactly
                named[name] = torch.as_tensor(named[name], dtype=torch.float64)
        return named


class _Rows(tuple):
    """The touched rows of a parameter: their places, their new values, and the memory of all rows."""


def as_tensors(saved):
    """Return a state_dict in which every array, of NumPy or of ScratchGrad, is a torch tensor; the rest is as it was.

    So what was trained on ScratchGrad goes on in torch: give the result to the ``load_state_dict`` of a network or of
    an optimizer there. The optimizers of this module call it themselves.

    Parameters
    ----------
    saved : dict
        As `state_dict` returned it, of a network or of an optimizer. It is not changed.

    Examples
    --------
    >>> from scratchoptim.scratchgrad import Tensor
    >>> as_tensors({"weight": Tensor([1.0, 2.0])})
    {'weight': tensor([1., 2.])}
    """
    if isinstance(saved, dict):
        return {key: as_tensors(value) for key, value in saved.items()}
    if isinstance(saved, list):
        return [as_tensors(value) for value in saved]
    array = hasattr(saved, "__array__") and hasattr(saved, "__len__")  # NumPy's numbers have no length
    return torch.tensor(saved.__array__()) if array and not isinstance(saved, torch.Tensor) else saved


def _of_elements(memory):
    return isinstance(memory, torch.Tensor)


def _signature(rule, twin):
    """Return the signature of the twin, or of a rule without twin with weight_decay and maximize added."""
    if twin:
        return inspect.signature(getattr(torch.optim, twin))
    parameters = list(inspect.signature(rule).parameters.values())
    extra = {n: off for n, off in OFF.items() if n not in inspect.signature(rule).parameters}
    extra = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=off) for n, off in extra.items()]
    return inspect.Signature(parameters + extra)


def _dress(row):
    """Return the class that is the row's rule and a torch optimizer with the signature of its twin."""
    signature = _signature(row.rule, row.twin)

    def __init__(self, *args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        defaults = dict(bound.arguments)
        params = defaults.pop("params")
        for flag, instead in REFUSED.items():
            if defaults.pop(flag, None):
                raise ValueError(f"{row.name} does not take {flag}=True: {instead}")
        self.defaults = defaults  # torch's constructor sets it too, but only after the check
        self._check(defaults)
        torch.optim.Optimizer.__init__(self, params, defaults)

    __init__.__signature__ = signature.replace(
        parameters=[inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY), *signature.parameters.values()]
    )
    names = [name for name in inspect.signature(row.rule).parameters if name != "params"]
    intro = f"`scratchoptim.{row.name}` as a torch optimizer"
    if row.twin:
        intro += f", with the signature of ``torch.optim.{row.twin}``"
    body = dict(
        __init__=__init__,
        __module__=__name__,
        __qualname__=row.name,
        __doc__=f"{intro}.\n\n    {inspect.getdoc(row.rule)}".replace("\n", "\n    "),
        hyperparameters=tuple(names),
        row=row,
        saved_as=_names(row),
    )
    return type(row.name, (TorchOptimizer, row.rule), body)


def _names(row):
    """Return the names in a checkpoint of what a rule remembers, and the rules that its settings pick."""
    names = dict(row.rule.saved_as)
    for variant in row.variants.values():
        names.update(catalog_row(variant).rule.saved_as)
    return names


_CLASSES = {row.name: _dress(row) for row in CATALOG}
_BARE = {name: object.__new__(cls) for name, cls in _CLASSES.items()}  # for their pure functions
globals().update(_CLASSES)

Optimizer = torch.optim.Optimizer
__all__ = [row.name for row in CATALOG] + ["Lookahead", "Optimizer", "as_tensors", "compiled", "lr_scheduler"]
