"""Optimizer: what all rules share. The mathematics is not here; it is each rule's `update`."""

from .hyperparameters import VOCABULARY, check_group
from .ops import zeros_like

# Settings that a torch optimizer looks for in a checkpoint and that no rule here has unless it says so: they are off.
OFF = {"weight_decay": 0, "maximize": False}


class Optimizer:
    """The step loop, the groups and the checkpoints; with torch.optim's interface.

    A rule inherits from this class, lists its hyperparameters in ``__init__``, what it remembers of a parameter in
    ``init``, and is itself the pure function ``update``.

    Parameters
    ----------
    params : iterable of parameters, or of dicts
        A parameter is anything with ``grad``, ``detach()`` and ``copy_()``: a torch tensor, a `scratchoptim.Vector`, a
        `scratchoptim.scratchgrad.Scalar`. A dict is a group: its "params", and those hyperparameters in which it
        differs from the defaults.
    defaults : dict
        The hyperparameters of the rule, by name.

    Attributes
    ----------
    param_groups : list of dict
        Each holds "params" and every hyperparameter; read again at each step, so that it may be changed between steps.
    state : dict
        parameter -> what the rule remembers of it, on the device and in the precision of the parameter.

    Raises
    ------
    TypeError
        If params is a bare tensor or holds something that is no parameter, or a value has the wrong type.
    ValueError
        If params is empty, a parameter comes twice, a value is out of its interval, or a name is misspelt.
    """

    optional = ()  # hyperparameters that may be None
    meanings = {}  # hyperparameters that mean something else in other rules: name -> their key in the vocabulary
    saved_as = {}  # name in the rule -> name in a checkpoint, where torch calls it otherwise
    saved_too = {}  # what torch looks for in the memory of a checkpoint and the rule has no use for: name -> value
    group_saved_too = {}  # the same for the settings of a group
    may_lack = OFF  # settings that a checkpoint need not have: name -> the value that they then have
    companion = None  # what it remembers that is a point too, to be drawn beside the path: (name, what it is in words)
    elementwise = True  # whether the step in each number of a parameter depends on no other number
    matrices = False  # whether each parameter must be a matrix
    needs_closure = False  # whether step must be given a closure, because it looks at the loss in several places
    from_the_start = False  # whether a checkpoint has the memory also of parameters that were never updated

    def __init__(self, params, defaults):
        if hasattr(params, "detach") or isinstance(params, dict):
            raise TypeError(f"{self._name}: params must be a list of parameters or of groups, got one {_kind(params)}")
        if isinstance(params, (set, frozenset)):
            raise TypeError(f"{self._name}: params must have an order, which checkpoints rely on; got a set")
        groups = list(params)
        if not groups:
            raise ValueError(f"{self._name}: params must hold at least one parameter, got an empty list")
        check_group(self._name, defaults, self.optional, defaults, self.meanings)
        self.defaults, self.state, self.param_groups = defaults, {}, []
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    # What a rule defines ---------------------------------------------------------------------------------------------

    def init(self, p):
        """Return what the rule remembers of parameter p before its first step, as a dict."""
        return {}

    def update(self, p, g, **memory_and_hyperparameters):
        """Return the new parameter and the new memory; a pure function of parameter, gradient, memory, settings."""
        raise NotImplementedError(f"{self._name} must define update")

    def update_group(self, ps, gs, memories, **hyperparameters):
        """Return the pairs (new parameter, new memory) of a group; for rules in which parameters see one another."""
        return [self.update(p, g, **memory, **hyperparameters) for p, g, memory in zip(ps, gs, memories)]

    def check(self, group):
        """Raise a ValueError if hyperparameters that are each in their interval do not go together."""

    def admit(self, group):
        """Return a checked group that is to be added, with what follows from its other settings filled in."""
        return group

    # What the user calls ---------------------------------------------------------------------------------------------

    def step(self, closure=None):
        """Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and the gradients anew and returns the loss.

        Returns
        -------
        The closure's loss, or None.
        """
        loss = None if closure is None else closure()
        # Everything is computed before anything is written: a rule that raises leaves all as it was.
        updates = [update for group in self.param_groups for update in self._updates(group)]
        for p, (new, memory) in updates:
            self._write(p, new, memory)
        return loss

    def zero_grad(self, set_to_none=True):
        """Forget the gradients; with set_to_none=False, set them to zero instead."""
        for p in self._parameters():
            if p.grad is not None:
                p.grad = None if set_to_none else zeros_like(_detached(p.grad))

    def add_param_group(self, group):
        """Add a dict of "params" and of hyperparameters that differ from the defaults."""
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f"{self._name}: a group must be a dict with 'params', got {_kind(group)}")
        params = group["params"]
        full = dict(self.defaults, **group)
        full["params"] = params = [params] if hasattr(params, "detach") else list(params)
        self._check(full)
        known = {id(p) for p in self._parameters()}
        for i, p in enumerate(params):
            if not getattr(p, "is_leaf", True):
                raise ValueError(f"{self._name}: params[{i}] must be a leaf tensor, got the result of an operation")
            if not (hasattr(p, "detach") and hasattr(p, "grad")):
                raise TypeError(f"{self._name}: params[{i}] must be a parameter, such as a tensor, got {_kind(p)}")
            if id(p) in known:
                raise ValueError(f"{self._name}: params[{i}] is in the optimizer twice; each parameter may come once")
            self._check_matrix(i, p)
            known.add(id(p))
        self.param_groups.append(self.admit(full))

    def state_dict(self):
        """Return memory and settings in torch's layout and names; a parameter is known by its place in the list.

        The tensors are those in use, not copies; a step replaces them and does not write into them.
        """
        number = {id(p): i for i, p in enumerate(self._parameters())}
        own = self.group_saved_too
        groups = [dict(OFF, **dict(g, params=[number[id(p)] for p in g["params"]], **own)) for g in self.param_groups]
        return {"state": {number[id(p)]: self._outward(m) for p, m in self._known().items()}, "param_groups": groups}

    def load_state_dict(self, saved):
        """Take over what `state_dict` returned: that of this optimizer, or of its torch twin.

        Raises
        ------
        TypeError, ValueError
            If it does not fit: other groups, shapes or settings. Nothing has changed then.
        """
        memories = self._memories(saved)
        for group, old in zip(self.param_groups, saved["param_groups"]):
            group.update(dict(old, params=group["params"]))
        self.state = memories

    def __repr__(self):
        lines = []
        for group in self.param_groups:
            settings = ", ".join(f"{name}={group[name]}" for name in self.defaults)
            lines.append(f"{self._name}({settings}) on {len(group['params'])} parameter(s)")
        return "\n".join(lines)

    # The loop's own parts --------------------------------------------------------------------------------------------

    @property
    def _name(self):
        return type(self).__name__

    def _parameters(self):
        return [p for group in self.param_groups for p in group["params"]]

    def _check(self, group):
        check_group(self._name, self.defaults, self.optional, group, self.meanings)
        self.check(group)

    def _check_matrix(self, i, p):
        shape = tuple(getattr(p, "shape", ()))
        if self.matrices and len(shape) != 2:
            what = f"params[{i}] must be a matrix, got a parameter of shape {shape}"
            raise ValueError(f"{self._name}: {what}; give it to an optimizer of its own, such as AdamW")

    def _settings(self, group):
        return {name: group[name] for name in self.defaults}

    def _gradient(self, p, group):
        """Return the gradient, if it fits."""
        g = _detached(p.grad)
        shape = tuple(getattr(p, "shape", ()))
        if getattr(g, "is_sparse", False) or getattr(g, "is_sparse_csr", False):
            raise TypeError(f"{self._name} needs dense gradients, got a sparse one for a parameter of shape {shape}")
        if hasattr(g, "is_complex") and g.is_complex():
            raise TypeError(f"{self._name} needs real gradients, got a complex one for a parameter of shape {shape}")
        if tuple(getattr(g, "shape", ())) != shape:
            raise ValueError(f"{self._name}: the gradient of a parameter of shape {shape} has shape {tuple(g.shape)}")
        return g

    def _seen(self, p, g, group):
        """Return parameter and gradient as the rule is to see them."""
        return p, g

    def _rule(self, group):
        """Return what has the `init`, `update` and `saved_as` of a group: this rule."""
        return self

    def _updates(self, group):
        rule, params = self._rule(group), [p for p in group["params"] if p.grad is not None]
        seen = [self._seen(p.detach(), self._gradient(p, group), group) for p in params]
        values, gradients = [p for p, _ in seen], [g for _, g in seen]
        memories = [self.state.get(p) or rule.init(p.detach()) for p in params]
        return zip(params, rule.update_group(values, gradients, memories, **self._settings(group)))

    def _write(self, p, new, memory):
        plain = p.detach()
        (plain if hasattr(plain, "copy_") else p).copy_(new)  # a Scalar's plain value is a float
        if memory:
            self.state[p] = memory

    def _known(self):
        """Return parameter -> memory, as a checkpoint is to have it."""
        if not self.from_the_start:
            return self.state
        return {p: self.state.get(p) or self.init(p.detach()) for p in self._parameters()}

    def _outward(self, memory):
        """Return the memory of a parameter as a checkpoint has it: under torch's names, without what is None."""
        named = {self.saved_as.get(name, name): value for name, value in memory.items() if value is not None}
        return dict(self.saved_too, **named)

    def _memories(self, saved):
        """Return parameter -> memory from a checkpoint, having checked that all of it fits."""
        if not (isinstance(saved, dict) and "state" in saved and "param_groups" in saved):
            raise TypeError(f"{self._name}: a checkpoint must be what state_dict() returned, got {_kind(saved)}")
        sizes = [len(group["params"]) for group in self.param_groups]
        found = [len(group["params"]) for group in saved["param_groups"]]
        if sizes != found:
            raise ValueError(f"{self._name} has groups of {sizes} parameters, the checkpoint has groups of {found}")
        place = {}
        for group, own in zip(saved["param_groups"], self.param_groups):
            foreign = [n for n in group if n in VOCABULARY and n not in self.defaults]
            for name in foreign:
                if group[name] and self.group_saved_too.get(name) != group[name]:
                    raise ValueError(f"{self._name} has no {name}, the checkpoint was made with {name}={group[name]}")
            missing = [n for n in self.defaults if n not in group and n not in self.may_lack]
            if missing:
                raise ValueError(f"{self._name} needs {missing[0]}, the checkpoint does not have it")
            self._check({name: value for name, value in group.items() if name not in foreign})
            place.update({number: (p, self._rule(group)) for number, p in zip(group["params"], own["params"])})
        strangers = [number for number in saved["state"] if number not in place]
        if strangers:
            raise ValueError(f"{self._name}: the checkpoint holds state of a parameter {strangers[0]} of no group")
        inward = {place[n][0]: self._inward(n, *place[n], memory) for n, memory in saved["state"].items() if memory}
        return {p: memory for p, memory in inward.items() if memory}

    def _inward(self, number, p, rule, saved):
        """Return the memory of parameter p from its saved form, in the precision and on the device of p."""
        p = p.detach()
        fresh, name_of = rule.init(p), rule.saved_as
        names = {name_of.get(name, name) for name in fresh}
        needed = {name_of.get(name, name) for name in fresh if fresh[name] is not None}
        if not needed <= set(saved) <= names | set(rule.saved_too):
            expected, found = sorted(names), sorted(saved)
            raise ValueError(f"{self._name} remembers {expected} of parameter {number}, the checkpoint has {found}")
        return {name: _restored(number, p, fresh[name], saved.get(name_of.get(name, name))) for name in fresh}


def _detached(g):
    return g.detach() if hasattr(g, "detach") else g


def _restored(number, p, fresh, value):
    if value is None and fresh is None:
        return None
    like = p if fresh is None else fresh
    if isinstance(like, (int, float)):
        return type(like)(value.item() if hasattr(value, "item") else value)
    shape, found = tuple(getattr(like, "shape", ())), tuple(getattr(value, "shape", ()))
    if shape != found:
        raise ValueError(f"the memory of parameter {number} must have shape {shape}, in the checkpoint it has {found}")
    restored = zeros_like(like)
    restored.copy_(value)
    return restored


def _kind(x):
    return type(x).__name__
