#!/usr/bin/python3
"""Check who includes whom, how long files are, and that banned functions stay out.

Usage: tests/layering.py [ROOT]

Prints one line for each breach, `file:line: what and which rule`, and exits 1 if there was any.
core/ARCHITECTURE.md explains the layers; this table is what holds them.
"""

import pathlib
import re
import sys

# What each room of core/ may include: other rooms of core/, and "sdk" for hikeshi/*. Its own headers and limits.h go
# without saying. A room that isn't here sees base.
SEES = {
    "base": set(),
    "ledger": {"base"},
    "loop": {"base"},
    "plugin": {"base", "loop", "sdk"},
    "script": {"base"},
    "author": {"base", "script"},
    "authority": {"base"},
    "intake": {"base"},
    "words": {"base"},
    "console": {"base", "words"},
    "tell": {"base", "words"},
    "source": {"base", "loop", "intake"},
    "engine": {"base", "ledger", "loop", "plugin", "script", "authority", "login", "words", "tell",
               "sdk"},
    "api": {"base", "ledger", "loop", "engine", "intake", "source", "authority", "login", "words",
            "console"},
    "app": {"base", "ledger", "loop", "plugin", "script", "authority", "login", "author", "engine", "intake", "source",
            "detect",            "words", "console", "tell", "api", "sdk"},
}
SEES_DEFAULT = {"base"}

# Each outside library, its headers, and the rooms that own it. cJSON is for plugins: core/base has its own JSON.
OUTSIDE = [
    ("OpenSSL's TLS", r"openssl/ssl\.h$", {"loop"}),
    ("OpenSSL", r"openssl/", {"base", "ledger", "loop", "login"}),
    ("libargon2", r"argon2\.h$", {"login"}),
    ("libqrencode", r"qrencode\.h$", {"login"}),
    ("SQLite", r"sqlite3(ext)?\.h$", {"ledger"}),
    ("libevent", r"event2/|ev(ent|http|dns|util|rpc)\.h$", {"loop"}),
    ("libcurl", r"curl/", {"loop"}),
    ("Lua", r"(lua(\d.*)?/)?(lua|luaconf|lauxlib|lualib)\.h", {"script", "author"}),
    ("libseccomp", r"seccomp\.h$|linux/(seccomp|filter|bpf|bpf_common|audit)\.h$", {"plugin"}),
    ("Landlock", r"linux/landlock\.h$", {"plugin"}),
    ("the dynamic linker", r"(dlfcn|link)\.h$", {"plugin"}),
    ("cJSON", r"(cjson/)?cJSON(_Utils)?\.h$", set()),
    ("CUnit", r"CUnit/", set()),
]

# What rooms above see of the ledger: data in, data out, no word of the data base (core/STORE.md).
LEDGER_FACE = set("""
    audit backup entry ledger move prove prove_path query query_erase query_events query_names query_notice query_playbook
    query_timeline query_trial query_work search_ask sinks
""".split())
# Who in core/ledger may say more to SQLite than ledger/db.h has: settings, guards and the schema; one thread's WAL and
# snapshots; the file's pages; the hot paths of appending and folding, and a function for folds; the row dump, which wants
# a value's type; the files of the index of texts.
SQLITE_MODULES = set("""
    append.c audit_rebuild.c backup.c db.c field.c project.c reader.c scrub.c search_shard.c store.c
    writer.c
""".split())

LIBC = set("""
    aio alloca argz arpa/inet asm/unistd assert byteswap complex cpio crypt ctype dirent elf endian envz err errno error
    execinfo fcntl features fenv float fnmatch ftw gconv getopt glob grp iconv ifaddrs inttypes iso646 langinfo libgen
    libintl limits locale malloc math mntent monetary mqueue net/if netdb netinet/in netinet/ip netinet/ip6
    netinet/ip_icmp netinet/tcp netinet/udp nl_types paths poll pthread pwd regex resolv sched search semaphore setjmp
    shadow signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdio_ext stdlib stdnoreturn string
    strings syslog tgmath threads time uchar ucontext unistd utime utmp utmpx values wchar wctype wordexp
    termios
""".split())
LIBC_FOLDERS = ("sys/", "linux/", "asm/", "asm-generic/", "bits/")

LINES_MAX = 700
BANNED = ("strcpy", "strcat", "sprintf", "vsprintf", "gets", "strtok", "system", "popen", "alloca", "atoi")
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"\n]+)[>\"]", re.M)
TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)


def blank(text, strings):
    """Take comments out, and strings too if asked; line numbers stay."""
    def replace(match):
        token = match.group(0)
        if token[0] in "\"'" and not strings:
            return token
        return re.sub(r"[^\n]", " ", token)
    return TOKEN.sub(replace, text)


def is_libc(name):
    return name.removesuffix(".h") in LIBC or name.startswith(LIBC_FOLDERS)


def owner_of(name):
    """The outside library that a header belongs to, and its owners."""
    for library, pattern, owners in OUTSIDE:
        if re.match(pattern, name):
            return library, owners
    return None, None


def core_include(room, file, quote, name, rooms):
    """Why a file in core/<room> may not include this; None if it may."""
    sees = SEES.get(room, SEES_DEFAULT)
    if name.startswith("hikeshi/"):
        return None if "sdk" in sees else f"{room} does not see sdk/"
    library, owners = owner_of(name)
    if library:
        if library == "SQLite" and room == "ledger" and file not in SQLITE_MODULES:
            return f"only {', '.join(sorted(SQLITE_MODULES))} say more to SQLite than ledger/db.h has"
        if room in owners:
            return None
        if not owners:
            return f"{library} is not used in core/"
        return f"only {' and '.join(sorted(owners))} includes {library}"
    if quote == "<":
        return None if is_libc(name) else f"<{name}> is neither libc nor a library with an owner"
    if name == "limits.h":
        return None
    if "/" not in name or ".." in name:
        return f"headers of core/ are named from core/, as \"{room}/{name.split('/')[-1]}\""
    target = name.split("/")[0]
    if target not in rooms:
        return f"there is no room core/{target}/"
    looks_in = room != "ledger" or (file.endswith(".h") and file[:-2] in LEDGER_FACE)
    if target == "ledger" and looks_in and name[7:-2] not in LEDGER_FACE:
        return f"{name} is the ledger's own; others see {', '.join(sorted(LEDGER_FACE))}"
    if target == room or target in sees:
        return None
    return f"{room} sees {', '.join(sorted(sees)) or 'libc'} only"


def plugin_include(folders, quote, name):
    """Why a plugin, or the SDK, may not include this; None if it may. Its own headers are in folders."""
    if name.startswith("hikeshi/") or name == "cjson/cJSON.h" or is_libc(name):
        return None
    if quote == "\"" and ".." not in name and any((folder / name).is_file() for folder in folders):
        return None
    return "plugins and the SDK include hikeshi/*, libc and cjson/cJSON.h only"


def check_file(root, path, rooms):
    name = path.relative_to(root)
    text = path.read_text(encoding="utf-8")
    top = name.parts[0]
    breaches = []

    code = blank(text, strings=False)
    for match in INCLUDE.finditer(code):
        line = code.count("\n", 0, match.start(2)) + 1
        quote, header = match.groups()
        if top != "core":
            # The plugins for tests share the headers that lie beside their folders; others share a folder.
            shared = [root / "tests/plugins"] if top == "tests" else []
            if header.startswith("shared/"):
                shared = [root / "plugins"]
            why = plugin_include([path.parent, *shared], quote, header)
        elif len(name.parts) == 2:  # core/limits.h
            why = None if quote == "<" and is_libc(header) else "core/*.h include libc only"
        else:
            why = core_include(name.parts[1], name.name, quote, header, rooms)
        if why:
            breaches.append(f"{name}:{line}: includes {header}: {why}")

    if top != "tests":
        code = blank(text, strings=True)
        for match in BANNED_CALL.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            breaches.append(f"{name}:{line}: {match.group(1)} is banned")
    lines = text.count("\n")
    if top == "core" and lines > LINES_MAX:
        breaches.append(f"{name}:{LINES_MAX + 1}: {lines} lines; a file has {LINES_MAX} at most")
    return breaches


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    root = root.resolve()
    rooms = {path.name for path in (root / "core").glob("*") if path.is_dir()}
    breaches = []
    count = 0
    for top in ("core", "sdk", "plugins", "tests/plugins"):
        for path in sorted((root / top).rglob("*.[ch]")):
            count += 1
            breaches += check_file(root, path, rooms)
    for breach in breaches:
        print(breach)
    print(f"layering: {count} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
