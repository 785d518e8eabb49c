/**
 * Published vulnerabilities of this kind, each as the few lines that it is about and as its fix does it. They are written
 * for this test: the structure is that of the program, its text is not.
 */
export interface Vulnerability {
  readonly cve: string;
  readonly program: string;
  readonly language: string;
  readonly vulnerable: string;
  readonly fixed: string;
}

export const VULNERABILITIES: readonly Vulnerability[] = [
  {
    cve: "CVE-2011-2722",
    program: "hplip, hpcupsfax",
    language: "c++",
    vulnerable:
      'int job() {\n  FILE *fp = NULL;\n  if (debug)\n    fp = fopen("/tmp/hpcupsfax.out", "w");\n  return 0;\n}\n',
    fixed:
      'int job() {\n  char name[] = "/var/log/hp/tmp/hpcupsfax.XXXXXX";\n  int fd = mkstemp(name);\n  FILE *fp = fdopen(fd, "w");\n  return 0;\n}\n',
  },
  {
    cve: "CVE-2013-0200",
    program: "hplip, hpijs",
    language: "c++",
    vulnerable:
      'void dump(int page) {\n  char name[32];\n  sprintf(name, "/tmp/hpcupsfilterc_%d.bmp", page);\n  cfp = fopen(name, "w");\n}\n',
    fixed:
      'void dump(int page) {\n  char name[64];\n  snprintf(name, sizeof name, "%s/hp_cups_%d_XXXXXX", CUPS_TMP_DIR, page);\n  int fd = mkstemp(name);\n  cfp = fdopen(fd, "w");\n}\n',
  },
  {
    cve: "CVE-2013-4116",
    program: "npm",
    language: "javascript",
    vulnerable:
      'var tmp = path.resolve(os.tmpdir(), "npm-" + process.pid);\nfunction unpack(tarball, cb) {\n  mkdir(tmp);\n  fs.createWriteStream(path.resolve(tmp, Date.now() + "-" + Math.floor(1), "tmp.tgz"));\n}\n',
    fixed:
      'var tmp = path.resolve(os.tmpdir(), "npm-" + process.pid + "-" + crypto.randomBytes(4).toString("hex"));\nfunction unpack(tarball, cb) {\n  mkdir(tmp);\n  fs.createWriteStream(path.resolve(tmp, Date.now() + "-" + Math.floor(1), "tmp.tgz"));\n}\n',
  },
  {
    cve: "CVE-2013-1888",
    program: "pip",
    language: "python",
    vulnerable:
      'def build_prefix():\n    return os.path.join(tempfile.gettempdir(), "pip-build-%s" % getpass.getuser())\n\ndef prepare():\n    path = build_prefix()\n    if not os.path.exists(path):\n        os.mkdir(path)\n',
    fixed:
      'def build_prefix():\n    return tempfile.mkdtemp(prefix="pip-build-")\n\ndef prepare():\n    path = build_prefix()\n    open(os.path.join(path, "marker"), "w")\n',
  },
  {
    cve: "CVE-2014-0012",
    program: "Jinja2, bytecode cache",
    language: "python",
    vulnerable:
      'class Cache:\n    def _default(self):\n        path = os.path.join(tempfile.gettempdir(), "_jinja2-cache-%d" % os.getuid())\n        try:\n            os.mkdir(path, 0o700)\n        except OSError as e:\n            if e.errno != errno.EEXIST:\n                raise\n        return path\n',
    fixed:
      'class Cache:\n    def _default(self):\n        path = os.path.join(os.path.expanduser("~"), ".cache", "_jinja2-cache-%d" % os.getuid())\n        try:\n            os.mkdir(path, 0o700)\n        except OSError as e:\n            if e.errno != errno.EEXIST:\n                raise\n        return path\n',
  },
  {
    cve: "CVE-2014-1604",
    program: "rply, table cache",
    language: "python",
    vulnerable:
      'def build(self):\n    cache_file = os.path.join(tempfile.gettempdir(), "rply-%s-%s.json" % (self.version, self.cache_id))\n    if os.path.exists(cache_file):\n        with open(cache_file) as f:\n            data = json.load(f)\n    with open(cache_file, "w") as f:\n        json.dump(data, f)\n',
    fixed:
      'def build(self):\n    cache_dir = appdirs.user_cache_dir("rply")\n    cache_file = os.path.join(cache_dir, "rply-%s-%s.json" % (self.version, self.cache_id))\n    if os.path.exists(cache_file):\n        with open(cache_file) as f:\n            data = json.load(f)\n    with open(cache_file, "w") as f:\n        json.dump(data, f)\n',
  },
  {
    cve: "CVE-2014-1932",
    program: "Pillow, load_djpeg",
    language: "python",
    vulnerable:
      'def load(self):\n    file = tempfile.mktemp()\n    os.system("djpeg %s > %s" % (self.filename, file))\n',
    fixed:
      'def load(self):\n    f, path = tempfile.mkstemp()\n    os.close(f)\n    subprocess.check_call(["djpeg", "-outfile", path, self.filename])\n',
  },
  {
    cve: "CVE-2014-1858",
    program: "NumPy, f2py",
    language: "python",
    vulnerable:
      'def compile(source):\n    fname = os.path.join(tempfile.mktemp() + ".f")\n    f = open(fname, "w")\n',
    fixed:
      'def compile(source):\n    f = tempfile.NamedTemporaryFile(suffix=".f", delete=False)\n    fname = f.name\n',
  },
  {
    cve: "CVE-2014-1838",
    program: "logilab-common, pdf_ext",
    language: "python",
    vulnerable:
      'def dump(pdf):\n    os.system("pdftk %s generate_fdf output /tmp/toto.fdf > /tmp/toto.log" % pdf)\n    return extract_keys("/tmp/toto.fdf")\n',
    fixed:
      'def dump(pdf):\n    with tempfile.NamedTemporaryFile() as out:\n        os.system("pdftk %s generate_fdf output %s" % (pdf, out.name))\n        return extract_keys(out.name)\n',
  },
  {
    cve: "CVE-2008-4936",
    program: "mgetty, faxspool",
    language: "shell",
    vulnerable: '#!/bin/sh\nerr=/tmp/faxsp.$$\nconvert "$1" 2> $err\n',
    fixed: '#!/bin/sh\nerr=`mktemp -t faxsp.XXXXXX` || exit 1\nconvert "$1" 2> $err\n',
  },
  {
    cve: "CVE-2008-4937",
    program: "OpenOffice.org, senddoc",
    language: "shell",
    vulnerable: '#!/bin/sh\nif [ -n "$DEBUG" ]; then\n  echo "$@" >> /tmp/log.obr.$$\nfi\n',
    fixed: '#!/bin/sh\nif [ -n "$DEBUG" ]; then\n  echo "$@" >&2\nfi\n',
  },
  {
    cve: "CVE-2008-4935",
    program: "aview, asciiview",
    language: "shell",
    vulnerable:
      '#!/bin/sh\nrm -f /tmp/aview$$.pgm\nmkfifo /tmp/aview$$.pgm\nconvert "$1" /tmp/aview$$.pgm &\n',
    fixed: '#!/bin/sh\nd=`mktemp -d` || exit 1\nmkfifo "$d/aview.pgm"\nconvert "$1" "$d/aview.pgm" &\n',
  },
  {
    cve: "CVE-2008-4977",
    program: "Postfix, postfix_groups.pl",
    language: "perl",
    vulnerable: 'open(STDOUT, "> /tmp/postfix_groups.stdout") or die;\n',
    fixed: 'my ($fh, $name) = tempfile();\nopen(STDOUT, ">&", $fh) or die;\n',
  },
  {
    cve: "CVE-2013-4251",
    program: "SciPy, weave catalog",
    language: "python",
    vulnerable:
      'def default_dir():\n    path = os.path.join(tempfile.gettempdir(), "%s_python_compiled" % getpass.getuser())\n    if not os.path.exists(path):\n        os.mkdir(path)\n    return path\n',
    fixed: 'def default_dir():\n    path = tempfile.mkdtemp(suffix="_python_compiled")\n    return path\n',
  },
];
