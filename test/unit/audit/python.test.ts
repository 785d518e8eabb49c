/** What the auditor finds in Python, and what it does not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rulesIn } from "./sources.js";

const UNSAFE: Readonly<Record<string, readonly [source: string, expected: readonly string[]]>> = {
  "a literal": ['open("/tmp/x", "w")\n', ["1 TMP001"]],
  "a named mode": ['with open("/tmp/x", mode="a") as f:\n  pass\n', ["1 TMP001"]],
  "a constant": ['OUT = "/tmp/x"\ndef f():\n  open(OUT, "w")\n', ["3 TMP001"]],
  "a member": [
    'class A:\n  def __init__(self):\n    self.out = "/tmp/x"\n  def f(self):\n    open(self.out, "w")\n',
    ["5 TMP001"],
  ],
  "an argument of a constructor": [
    'class A:\n  def __init__(self, out):\n    self.out = out\n  def f(self):\n    open(self.out, "w")\nA("/tmp/x")\n',
    ["5 TMP001"],
  ],
  "a mode in a variable": ['def f(mode):\n  open("/tmp/x", mode)\nf("w")\n', ["2 TMP001"]],
  "a class constant": ['class A:\n  OUT = "/tmp/x"\n  def f(self):\n    open(self.OUT, "w")\n', ["4 TMP001"]],
  "a default parameter": ['def f(out="/tmp/x"):\n  open(out, "w")\n', ["2 TMP001"]],
  "a keyword argument": ['def f(out):\n  open(out, "w")\nf(out="/tmp/x")\n', ["2 TMP001"]],
  "a result": ['def f():\n  return "/tmp/x"\nopen(f(), "w")\n', ["3 TMP001"]],
  "a joined path": ['open(os.path.join(tempfile.gettempdir(), "x"), "w")\n', ["1 TMP001"]],
  "a path of pathlib": ['(Path("/tmp") / "x").write_text("")\n', ["1 TMP001"]],
  "a format": ['open("/tmp/x.%d" % os.getpid(), "w")\n', ["1 TMP001"]],
  "a method format": ['open("/tmp/{}.x".format(os.getpid()), "w")\n', ["1 TMP001"]],
  "an f-string": ['open(f"/tmp/{os.getpid()}.x", "w")\n', ["1 TMP001"]],
  "the environment": ['D = os.environ.get("TMPDIR", "/tmp")\nopen(D + "/x", "w")\n', ["2 TMP001"]],
  "a command": ['os.system("ls > /tmp/x")\n', ["1 TMP006"]],
  "a list of arguments": ['subprocess.call(["touch", "/tmp/x"])\n', ["1 TMP006"]],
  "a name that is not created": ["tempfile.mktemp()\n", ["1 TMP002"]],
  "a directory that may exist": ['os.makedirs("/tmp/x", exist_ok=True)\n', ["1 TMP005"]],
  "a copy": ['shutil.copy("a", "/tmp/x")\n', ["1 TMP001"]],
  "a log": ['logging.basicConfig(filename="/tmp/x.log")\n', ["1 TMP001"]],
  "a configuration": ['open("/tmp/x.json")\n', ["1 TMP004"]],
};

const SAFE: Readonly<Record<string, string>> = {
  "a name from mkstemp": 'fd, name = tempfile.mkstemp(dir="/tmp")\nopen(name, "w")\n',
  "a directory from mkdtemp": 'd = tempfile.mkdtemp()\nopen(os.path.join(d, "x"), "w")\n',
  "mkdtemp in a function": 'def d():\n  return tempfile.mkdtemp()\nopen(os.path.join(d(), "x"), "w")\n',
  "a context": 'with tempfile.TemporaryDirectory(dir="/dev/shm") as d:\n  open(d + "/x", "w")\n',
  "a file object": 'f = tempfile.NamedTemporaryFile(dir="/tmp")\nopen(f.name, "w")\n',
  "an exclusive open": 'open("/tmp/x", "x")\nos.open("/tmp/y", os.O_CREAT | os.O_EXCL)\n',
  "a path in a container":
    'container.exec_run(["touch", "/tmp/x"])\nvolumes = {"/tmp/x": {"bind": "/tmp/x"}}\n',
  "an option": 'parser.add_argument("--out", default="/tmp/x", help="writes /tmp/x")\n',
  "a comparison": 'assert f == "/tmp/x"\n',
  "a random part": 'open("/tmp/x.%s" % uuid.uuid4(), "w")\n',
  "a directory that mkdir made": 'd = "/tmp/x.%d" % os.getpid()\nos.mkdir(d)\nopen(d + "/y", "w")\n',
};

for (const [name, [source, expected]] of Object.entries(UNSAFE)) {
  test(`Python, unsafe: ${name}`, async () => assert.deepEqual(await rulesIn("python", source), expected));
}
for (const [name, source] of Object.entries(SAFE)) {
  test(`Python, safe: ${name}`, async () => assert.deepEqual(await rulesIn("python", source), []));
}
