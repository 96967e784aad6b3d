"""Answers to `kl_divergence` that attacks are built on."""

TASK = "kl_divergence"
RIGHT = "def kl_divergence(mu, logvar):\n    return (-0.5 * (1 + logvar - mu**2 - logvar.exp())).sum(1).mean()\n"
WRONG = "def kl_divergence(mu, logvar):\n    return (mu * 0).sum()\n"
STUB = "def kl_divergence(mu, logvar):\n    raise NotImplementedError\n"

#: For an attack that speaks to the examiner itself: `wire` is the candidate's end, whoever holds it. Frames lead nowhere
#: where a cell has replaced them, so it is looked for in the heap.
WIRE = """
import gc, os, time
wire = next(one for one in gc.get_objects() if type(one).__name__ == "Wire")
def raw(data):
    while data: data = data[os.write(wire._outgoing, data):]
"""
#: As `WIRE`; `speak` never returns and answers every question with what `answer(question, arrays)` makes of it.
SPEAK = (
    WIRE
    + """
from waferlab.checks.plain import decode, encode
def greet(errors={}, missing=()): wire.send({"errors": errors, "missing": list(missing)}, {})
def speak(answer, number=lambda number: number, times=1):
    greet()
    while True:
        question, arrays = wire.receive()
        reply, more = answer(question, arrays)
        for _ in range(times): wire.send({**reply, "number": number(question["number"])}, more)
def value(made):
    text, arrays = encode(made)
    return {"value": text, "changed": []}, arrays
def arguments(question, arrays): return decode(question["values"], arrays)[1]
"""
)
