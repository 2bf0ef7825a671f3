"""ClosureOptimizer: what rules share whose step looks at the loss in several places, and so needs a closure."""

from .flat import join, largest, split
from .line_search import Place, strong_wolfe
from .ops import add, dot, total, zeros_like
from .optimizer import Optimizer


class ClosureOptimizer(Optimizer):
    """The step of such a rule: iterations, each along a direction, with all parameters as one vector.

    The rule's `update` makes one iteration, from a vector of parameters and one of gradients. Its memory has "n", the
    number of iterations so far, "d", the direction, and "t", how far it goes along it; with a line search that is where
    the search begins. ``state`` has the memory under the first parameter, and in it "evaluations", how often the
    closure was called. Hyperparameters: max_iter, max_eval, tolerance_grad, tolerance_change, line_search_fn.
    """

    elementwise = False
    needs_closure = True
    lists = {}  # what in the memory is a list of tuples: name in the rule -> names in a checkpoint, one for each place
    unused = ()  # what torch has in a checkpoint's memory, and the rule neither needs nor writes

    def step(self, closure=None):
        """Iterate until the gradient or the progress is small, or max_iter or max_eval is reached.

        Parameters
        ----------
        closure : callable
            Sets the gradients to zero, computes the loss and the gradients anew, and returns the loss.

        Returns
        -------
        The closure's loss at the beginning.

        Raises
        ------
        TypeError
            If there is no closure. After any error, one of the closure's too, parameters and memory are as they were.
        """
        if closure is None:
            raise TypeError(f"{self._name}: step needs a closure that computes loss and gradients and returns the loss")
        (group,) = self.param_groups
        params, settings = group["params"], dict(self._settings(group))
        if getattr(settings["lr"], "ndim", 0):  # a tensor of one number, as a vector
            settings["lr"] = settings["lr"].reshape(())
        before = join([p.detach() for p in params])
        try:
            loss, memory = self._iterate(closure, group, before, settings)
        except BaseException:
            self._move(params, before)
            raise
        self.state[params[0]] = memory
        return loss

    def admit(self, group):
        """Return the group with its max_eval; refuse a second one, because the numbers of all are one vector."""
        if self.param_groups:
            raise ValueError(f"{self._name} takes one group of parameters, because they have one direction together")
        if group["params"] == []:
            raise ValueError(f"{self._name}: params must hold at least one parameter, got an empty list")
        most = group["max_iter"] * 5 // 4 if group["max_eval"] is None else group["max_eval"]
        return dict(group, max_eval=most)

    def _iterate(self, closure, group, x, settings):
        """Return the closure's first loss, and the memory after the step."""
        params, search = group["params"], settings["line_search_fn"]
        most, small = settings["max_eval"], settings["tolerance_change"]
        memory = dict(self.state.get(params[0]) or dict(self.init(x), evaluations=0))
        evaluations = memory.pop("evaluations")

        def look(t):
            self._move(params, add(x, memory["d"], t))
            _, value, g = self._evaluate(closure, group)
            return Place(t, value, dot(g, memory["d"]), g)

        first, value, g = self._evaluate(closure, group)
        looks = 1
        for n in range(1, int(settings["max_iter"]) + 1):
            if largest(g) <= settings["tolerance_grad"]:
                break
            new, memory = self.update(x, g, **memory, **settings)
            d, last = memory["d"], value
            slope = dot(g, d)
            if slope > -small:
                break
            if search:
                place, more = strong_wolfe(
                    look, Place(0, value, slope, g), memory["t"], largest(d), small, most - looks
                )
                value, g, looks = place.value, place.gradient, looks + more
                new, memory = add(x, d, place.t), dict(memory, t=place.t)
            x = new
            self._move(params, x)
            if not search and n < settings["max_iter"]:
                _, value, g = self._evaluate(closure, group)
                looks += 1
            if looks >= most or largest(memory["t"] * d) <= small or abs(value - last) < small:
                break
        return first, dict(memory, evaluations=evaluations + looks)

    def _evaluate(self, closure, group):
        """Return the closure's loss, the same as a float, and the gradients as a vector."""
        loss = closure()
        if loss is None:
            raise TypeError(f"{self._name}: the closure must return the loss, got None")
        params = group["params"]
        g = join([zeros_like(p.detach()) if p.grad is None else self._gradient(p, group) for p in params])
        return loss, float(loss.detach() if hasattr(loss, "detach") else loss), g

    def _gradient(self, p, group):
        """Return the gradient, if it fits; a sparse one with its zeros."""
        if getattr(p.grad, "is_sparse", False):
            return p.grad.detach().to_dense()
        return Optimizer._gradient(self, p, group)

    def _move(self, params, x):
        """Write a vector into the parameters."""
        for p, part in zip(params, split(x, [p.detach() for p in params])):
            self._write(p, part, None)

    # Checkpoints: vectors as they are, a list of tuples as a list for each of their places --------------------------

    def _outward(self, memory):
        plain = {name: value for name, value in memory.items() if name not in self.lists}
        named = Optimizer._outward(self, plain)
        for name, places in self.lists.items():
            named.update({saved: [entry[i] for entry in memory[name]] for i, saved in enumerate(places)})
        return named

    def _inward(self, number, p, rule, saved):
        if p is not self._parameters()[0]:
            raise ValueError(f"{self._name} keeps its memory with the first parameter, the checkpoint with {number}")
        like = join([zeros_like(q.detach()) for q in self._parameters()])
        fresh = dict(rule.init(like), evaluations=0)
        name_of = {name: rule.saved_as.get(name, name) for name in fresh if name not in rule.lists}
        names = set(name_of.values()).union(*rule.lists.values())
        begun = saved.get(name_of["n"])
        if not set(saved) <= names.union(rule.unused) or begun is None or begun > 0 and not names <= set(saved):
            expected, found = sorted(names), sorted(saved)
            raise ValueError(f"{self._name} remembers {expected} of parameter {number}, the checkpoint has {found}")
        memory = {name: _restored(saved.get(key, fresh[name]), like) for name, key in name_of.items()}
        for name, places in rule.lists.items():
            columns = [[_restored(value, like) for value in saved.get(key, ())] for key in places]
            if len({len(column) for column in columns}) > 1:
                raise ValueError(f"{self._name}: the lists {places} of a checkpoint must be equally long")
            memory[name] = list(zip(*columns))
        return memory


def _restored(value, like):
    """Return a saved vector or number in the precision and on the device of `like`."""
    if value is None or isinstance(value, (int, float)):
        return value
    shape = tuple(getattr(value, "shape", ()))
    fresh = zeros_like(like if shape else total(like))
    if shape and shape != tuple(getattr(like, "shape", ())):
        raise ValueError(f"a saved vector must have shape {tuple(like.shape)}, in the checkpoint it has {shape}")
    if not hasattr(fresh, "copy_"):
        return value.item()
    fresh.copy_(value)
    return fresh
