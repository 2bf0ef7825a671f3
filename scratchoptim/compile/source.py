"""A tape as C: one loop over the elements of all parameters."""

OPERATIONS = {
    "add": "{} + {}",
    "sub": "{} - {}",
    "mul": "{} * {}",
    "div": "{} / {}",
    "neg": "-{}",
    "abs": "fabs{f}({})",
    "sqrt": "sqrt{f}({})",
    "exp": "exp{f}({})",
    "pow": "pow{f}({}, {})",
    "square": "{0} * {0}",
    "cube": "{0} * {0} * {0}",
    "reciprocal": "1 / {}",
    "zero": "0",
    "sign": "({0} > 0) - ({0} < 0)",
    "maximum": "{0} <= {1} ? {1} : ({1} != {1} ? {1} : {0})",  # NaN if either is; as it stands, GCC makes vectors of
    "minimum": "{0} >= {1} ? {1} : ({1} != {1} ? {1} : {0})",  # two in a row, and with || instead, of one only
    "where": "{} ? {} : {}",
    "gt": "{} > {}",
    "lt": "{} < {}",
    "ge": "{} >= {}",
    "le": "{} <= {}",
    "eq": "{} == {}",
    "ne": "{} != {}",
}
TRUTHS = ("gt", "lt", "ge", "le", "eq", "ne")

# first[j] is the number of elements in the tensors before j; array k of tensor j begins at arrays[k * tensors + j];
# row which[j] of numbers is what tensor j's group has for s0, s1, ... Each thread takes an equal share of all elements.
TEMPLATE = """\
#include <math.h>
#include <stdint.h>
#ifdef _OPENMP
#include <omp.h>
#endif
typedef {real} real;

static void part(int64_t n, const real *numbers, {parameters}) {{
{constants}
  #pragma omp simd
  for (int64_t i = 0; i < n; i++) {{
{body}
  }}
}}

void step(int64_t tensors, const int64_t *first, real *const *arrays, const int64_t *which, const real *numbers,
          int64_t threads) {{
  const int64_t total = first[tensors];
  #pragma omp parallel num_threads(total > 16384 ? threads : 1)
  {{
#ifdef _OPENMP
    const int64_t thread = omp_get_thread_num(), team = omp_get_num_threads();
#else
    const int64_t thread = 0, team = 1;
#endif
    const int64_t share = (total / team + 63) / 64 * 64, from = thread * share, next = from + share;
    const int64_t to = thread == team - 1 || next > total ? total : next;
    int64_t low = 0, high = tensors;
    while (high - low > 1) {{
      const int64_t middle = (low + high) / 2;
      if (first[middle] <= from) low = middle; else high = middle;
    }}
    for (int64_t j = low; j < tensors && first[j] < to; j++) {{
      const int64_t begin = from > first[j] ? from - first[j] : 0;
      const int64_t end = (to < first[j + 1] ? to : first[j + 1]) - first[j];
      if (begin < end) part(end - begin, numbers + which[j] * {count}, {arguments});
    }}
  }}
}}
"""


def source(operations, results, names, count, real):
    """Return the C source of a tape.

    Parameters
    ----------
    operations : sequence of tuple
        As in `Tape.operations`.
    results : dict
        name of an array -> name of its new value.
    names : sequence of str
        The arrays, in the order in which the caller has them.
    count : int
        How many numbers the tape has.
    real : {"float", "double"}
        Type of the elements.
    """
    suffix = "f" if real == "float" else ""
    used = {operand for operation in operations for operand in operation[1:]} | set(results.values())
    written = {name for name, value in results.items() if value != name + "_"}
    body = [
        f"const real {name}_ = at_{name}[i];" for name in names if name + "_" in used - _unchanged(results, operations)
    ]
    for i, (operation, *operands) in enumerate(operations):
        kind = "int" if operation in TRUTHS else "real"
        body.append(f"const {kind} x{i} = {OPERATIONS[operation].format(*operands, f=suffix)};")
    body += [f"at_{name}[i] = {results[name]};" for name in names if name in written]
    return TEMPLATE.format(
        real=real,
        parameters=", ".join(f"{'' if n in written else 'const '}real *restrict at_{n}" for n in names),
        constants="\n".join(f"  const real s{i} = numbers[{i}];" for i in range(count)),
        body="\n".join("    " + line for line in body),
        count=count,
        arguments=", ".join(f"arrays[{k} * tensors + j] + begin" for k in range(len(names))),
    )


def _unchanged(results, operations):
    """Return the arrays that are neither read by an operation nor written: they need not be loaded."""
    read = {operand for operation in operations for operand in operation[1:]}
    kept = {name + "_" for name, value in results.items() if value == name + "_"}
    elsewhere = {value for name, value in results.items() if value != name + "_"}
    return kept - read - elsewhere
