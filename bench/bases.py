"""The base directories that workloads run over. They are made from a fixed seed, so that
two runs measure the same."""
import os
import random
import subprocess

WORDS = ("view base layer chunk inode name flush branch snapshot merge apply read write "
         "lookup rename unlink mount server client request reply cache node").split()

PACKAGES = {"express": "4", "jest": "29"}  # some 350 with what they need


def quiet(*command, cwd=None, env=None):
    subprocess.run(command, check=True, cwd=cwd, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, **(env or {})})


def git(directory, *arguments):
    quiet("git", "-c", "user.name=bench", "-c", "user.email=bench@example.org",
          "-c", "init.defaultBranch=main", "-c", "gc.auto=0", *arguments, cwd=directory)


def write_text(path, size, chance):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as f:
        while f.tell() < size:
            f.write(" ".join(chance.choices(WORDS, k=10)) + "\n")


def small_files(directory, count, per_directory, chance):
    for i in range(count):
        folder = f"d{i // per_directory % 20:02}/e{i // per_directory:04}"
        write_text(os.path.join(directory, folder, f"file{i:05}.txt"),
                   int(chance.lognormvariate(7.5, 1.0)), chance)


def make_project(directory):
    """A git repository of 5,000 files. Its index holds for copies too, which have other
    inode numbers; all files are older than it, so that none is read again."""
    small_files(directory, 5000, 20, random.Random(1))
    quiet("find", ".", "-type", "f", "-exec", "touch", "-d", "2020-01-01", "{}", "+",
          cwd=directory)
    git(directory, "init", "-q")
    git(directory, "config", "core.checkStat", "minimal")
    git(directory, "config", "core.trustctime", "false")
    git(directory, "add", ".")
    git(directory, "commit", "-q", "-m", "all")
    git(directory, "repack", "-q", "-a", "-d")


def make_many(directory):
    """10,000 small files, and the same as an archive."""
    small_files(os.path.join(directory, "tree"), 10000, 25, random.Random(2))
    quiet("tar", "-cf", "tree.tar", "tree", cwd=directory)


def make_program(directory):
    """A C program of 41 files."""
    names = [f"part{i:02}" for i in range(40)]
    for i, name in enumerate(names):
        with open(f"{directory}/{name}.c", "w", encoding="ascii") as f:
            f.write('#include "all.h"\n#include <stdio.h>\n#include <stdlib.h>\n')
            for k in range(40):
                f.write(f"int {name}_{k}(int x)\n{{\n\tfor (int i = 0; i < x; i++)\n"
                        f"\t\tx += i * {k} ^ {i};\n\treturn x;\n}}\n")
    with open(f"{directory}/all.h", "w", encoding="ascii") as f:
        f.writelines(f"int {name}_{k}(int);\n" for name in names for k in range(40))
    with open(f"{directory}/main.c", "w", encoding="ascii") as f:
        f.write('#include "all.h"\nint main(void)\n{\n\treturn ' +
                " + ".join(f"{name}_0(0)" for name in names) + ";\n}\n")
    objects = " ".join(f"{name}.o" for name in ["main", *names])
    with open(f"{directory}/Makefile", "w", encoding="ascii") as f:
        f.write(f"CFLAGS = -O2\nprogram: {objects}\n\t$(CC) -o $@ $^\n{objects}: all.h\n")


def make_npm(directory):
    """A package.json, its lock file, and (outside the base) a filled cache."""
    with open(f"{directory}/package.json", "w", encoding="ascii") as f:
        dependencies = ", ".join(f'"{n}": "{v}"' for n, v in PACKAGES.items())
        f.write(f'{{"name": "bench", "version": "1.0.0", '
                f'"dependencies": {{{dependencies}}}}}\n')
    cache = {"npm_config_cache": directory + "-cache"}
    quiet("npm", "install", "--package-lock-only", "--no-audit", "--no-fund",
          "--ignore-scripts", cwd=directory, env=cache)
    quiet("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts",
          cwd=directory, env=cache)
    quiet("rm", "-rf", "node_modules", cwd=directory)
    with open(f"{directory}/.cache-place", "w", encoding="utf-8") as f:
        f.write(directory + "-cache")


def numbers(path, mebibytes):
    block = random.Random(3).randbytes(1 << 20)
    with open(path, "wb") as f:
        for i in range(mebibytes):
            f.write(i.to_bytes(8, "little") + block[8:])


def make_big(directory):
    """A file of 256 MiB."""
    numbers(os.path.join(directory, "big"), 256)


def make_medium(directory):
    """A file of 64 MiB."""
    numbers(os.path.join(directory, "medium"), 64)


def make_empty(_):
    """Nothing."""


class Bases:
    """Makes each base at its first use."""

    def __init__(self, directory):
        self.directory = directory

    def get(self, name):
        path = os.path.join(self.directory, name)
        if not os.path.isdir(path):
            os.makedirs(path)
            try:
                globals()["make_" + name](path)
            except BaseException:
                subprocess.run(["rm", "-rf", path], check=False)
                raise
            os.sync()
        return path
