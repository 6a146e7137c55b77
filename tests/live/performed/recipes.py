"""What the generated Dockerfiles build: small programs of each language, with what they need to be built and to run.

In: nothing. Out: `RECIPES`. Each program says `ok` and ends well where everything that it needs is there. Runtime
packages are named for bullseye, bookworm and trixie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator


class Recipe(Struct, frozen=True):
    """`commands` are ways to build, of which one is chosen; each leaves the program at /src/`product`."""

    name: str
    packages: str
    files: dict[str, str]
    commands: tuple[str, ...]
    product: str = "app"
    runtime: tuple[str, str, str] = ("", "", "")


class _Library(Struct, frozen=True):
    """`code` uses the library whose header and -l words are given."""

    header: str
    code: str
    link: str
    package: str
    runtime: tuple[str, str, str]


_LIBRARIES = {
    "curl": _Library(
        "curl/curl.h", "curl_version()", "-lcurl", "libcurl4-openssl-dev", ("libcurl4", "libcurl4", "libcurl4t64")
    ),
    "pq": _Library("postgresql/libpq-fe.h", "PQlibVersion()", "-lpq", "libpq-dev", ("libpq5", "libpq5", "libpq5")),
    "z": _Library("zlib.h", "zlibVersion()", "-lz", "zlib1g-dev", ("zlib1g", "zlib1g", "zlib1g")),
    "ssl": _Library(
        "openssl/ssl.h",
        "SSL_CTX_new(TLS_method())",
        "-lssl -lcrypto",
        "libssl-dev",
        ("libssl1.1", "libssl3", "libssl3t64"),
    ),
    "sqlite3": _Library(
        "sqlite3.h",
        "sqlite3_libversion()",
        "-lsqlite3",
        "libsqlite3-dev",
        ("libsqlite3-0", "libsqlite3-0", "libsqlite3-0"),
    ),
    "ncurses": _Library(
        "ncurses.h", "curses_version()", "-lncurses", "libncurses-dev", ("libncurses6", "libncurses6", "libncurses6")
    ),
    "icu": _Library("unicode/uchar.h", "u_toupper('a')", "-licuuc", "libicu-dev", ("libicu67", "libicu72", "libicu76")),
    "xml2": _Library("libxml/parser.h", "xmlNewDoc(0)", "-lxml2", "libxml2-dev", ("libxml2", "libxml2", "libxml2")),
    "uv": _Library("uv.h", "uv_version()", "-luv", "libuv1-dev", ("libuv1", "libuv1", "libuv1t64")),
    "event": _Library(
        "event2/event.h",
        "event_get_version()",
        "-levent",
        "libevent-dev",
        ("libevent-2.1-7", "libevent-2.1-7", "libevent-2.1-7t64"),
    ),
    "readline": _Library(
        "stdio.h",
        "rl_library_version",
        "-lreadline",
        "libreadline-dev",
        ("libreadline8", "libreadline8", "libreadline8t64"),
    ),
    "mariadb": _Library(
        "mariadb/mysql.h",
        "mysql_get_client_info()",
        "-lmariadb",
        "libmariadb-dev",
        ("libmariadb3", "libmariadb3", "libmariadb3"),
    ),
}
_EXTRA = {"readline": "#include <readline/readline.h>\n", "xml2": ""}
_INCLUDE = {"xml2": "-I/usr/include/libxml2 "}

_HELLO = '#include <stdio.h>\nint main(void) { puts("ok"); return 0; }\n'
_MATH = (
    "#include <stdio.h>\n#include <math.h>\n#include <stdlib.h>\n"
    'int main(int c, char **v) { double x = atof(v[0]) + c; printf("ok %f %ld\\n", pow(x, 1.5) + fmod(exp(x), 2) + log(x),'
    " strtol(v[0], 0, 10)); return 0; }\n"
)
_THREADS = (
    "#include <stdio.h>\n#include <pthread.h>\n#include <dlfcn.h>\nstatic void *go(void *x) { return x; }\n"
    'int main(void) { pthread_t t; pthread_create(&t, 0, go, 0); pthread_join(t, 0); dlopen(0, RTLD_NOW); puts("ok");'
    " return 0; }\n"
)
_RANDOM = (
    "#define _GNU_SOURCE\n#include <stdio.h>\n#include <stdlib.h>\n#include <sys/stat.h>\n"
    'int main(int c, char **v) { struct stat s; stat(v[0], &s); int n; sscanf("7", "%d", &n); printf("ok %d\\n", n);'
    " return 0; }\n"
)
_IOSTREAM = (
    "#include <iostream>\n#include <regex>\n#include <thread>\n#include <filesystem>\n#include <string>\n"
    'int main() { std::thread t([] {}); t.join(); std::regex r("o.*"); std::string s("ok");'
    " std::cout << std::regex_match(s, r) << std::filesystem::current_path() << s << std::endl; }\n"
)
_PLAIN_CXX = '#include <iostream>\nint main() { std::cout << "ok" << std::endl; }\n'
_BOOST = (
    "#include <boost/filesystem.hpp>\n#include <iostream>\n"
    'int main() { std::cout << "ok" << boost::filesystem::current_path() << std::endl; }\n'
)
_C = "gcc libc6-dev"
_CXX = "g++ libc6-dev"
_CMAKE = (
    "cmake_minimum_required(VERSION 3.10)\nproject(app LANGUAGES {language})\nset(CMAKE_CXX_STANDARD 17)\n{find}"
    "add_executable(app {source})\n{link}install(TARGETS app RUNTIME DESTINATION bin)\n"
)


def _cmake(source: str, language: str, find: str = "", link: str = "") -> dict[str, str]:
    return {"CMakeLists.txt": _CMAKE.format(source=source, language=language, find=find, link=link)}


def _c_recipes() -> Iterator[Recipe]:
    yield Recipe(
        "c-hello", _C, {"main.c": _HELLO}, ("gcc -o app main.c", "gcc -O2 -s main.c -o app", "cc -no-pie -o app main.c")
    )
    yield Recipe(
        "c-math", _C, {"main.c": _MATH}, ("gcc -O2 -o app main.c -lm", "gcc -c main.c && gcc main.o -lm -o app")
    )
    yield Recipe("c-threads", _C, {"main.c": _THREADS}, ("gcc -pthread -o app main.c -ldl",))
    yield Recipe("c-gnu", _C, {"main.c": _RANDOM}, ("gcc -D_FORTIFY_SOURCE=2 -O2 -o app main.c",))
    yield Recipe(
        "c-static",
        _C,
        {"main.c": _THREADS},
        (
            "gcc -static -o app main.c -pthread -ldl",
            "gcc -static-pie -o app main.c -pthread -ldl",
            "LDFLAGS='-static -pthread' && gcc main.c -o app $LDFLAGS -ldl",
        ),
    )
    yield Recipe(
        "c-musl", "musl-tools", {"main.c": _HELLO}, ("musl-gcc -o app main.c", "musl-gcc -static -o app main.c")
    )
    makefile = "CFLAGS ?= -O2\napp: main.o\n\t$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)\nclean:\n\trm -f app\n"
    yield Recipe(
        "c-make",
        f"{_C} make",
        {"main.c": _HELLO, "Makefile": makefile},
        ("make", "make LDFLAGS=-static", "make CC=gcc app", "CFLAGS=-O3 make -j2"),
    )
    meson = "project('app', 'c')\nexecutable('app', 'main.c', install: true)\n"
    yield Recipe(
        "c-meson",
        f"{_C} meson ninja-build",
        {"main.c": _HELLO, "meson.build": meson},
        (
            "meson setup build && ninja -C build && cp build/app .",
            "meson build && meson compile -C build && mv build/app app",
        ),
    )
    autotools = {
        "configure.ac": "AC_INIT([app],[1.0])\nAM_INIT_AUTOMAKE([foreign])\nAC_PROG_CC\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n",
        "Makefile.am": "bin_PROGRAMS = app\napp_SOURCES = main.c\n",
        "main.c": _HELLO,
    }
    yield Recipe(
        "c-autotools",
        f"{_C} make autoconf automake",
        autotools,
        (
            "autoreconf -i && ./configure && make",
            "autoreconf -fi && ./configure --prefix=/usr && make && make install DESTDIR=/src/root && cp root/usr/bin/app app",
            "autoreconf -i && ./configure LDFLAGS=-static && make",
        ),
    )


def _cxx_recipes() -> Iterator[Recipe]:
    runtime = ("libstdc++6", "libstdc++6", "libstdc++6")
    yield Recipe(
        "cxx-plain",
        _CXX,
        {"main.cpp": _PLAIN_CXX},
        ("g++ -o app main.cpp", "g++ -O2 -std=c++17 main.cpp -o app"),
        runtime=runtime,
    )
    yield Recipe(
        "cxx-more", _CXX, {"main.cpp": _IOSTREAM}, ("g++ -std=c++17 -pthread -O2 -o app main.cpp",), runtime=runtime
    )
    yield Recipe(
        "cxx-static",
        _CXX,
        {"main.cpp": _IOSTREAM},
        (
            "g++ -std=c++17 -static -o app main.cpp -pthread",
            "g++ -std=c++17 -static-libstdc++ -static-libgcc -pthread -o app main.cpp",
        ),
    )
    yield Recipe(
        "cxx-cmake",
        f"{_CXX} cmake make",
        {"main.cpp": _PLAIN_CXX, **_cmake("main.cpp", "CXX")},
        (
            "cmake . && make",
            "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build && cp build/app app",
            "mkdir build && cd build && cmake .. && make install && mv /usr/local/bin/app /src/app",
            'cmake -DCMAKE_EXE_LINKER_FLAGS="-static" . && make',
        ),
        runtime=runtime,
    )
    yield Recipe(
        "cxx-boost",
        f"{_CXX} libboost-filesystem-dev",
        {"main.cpp": _BOOST},
        ("g++ -std=c++17 -o app main.cpp -lboost_filesystem -lboost_system",),
        runtime=("libboost-filesystem1.74.0", "libboost-filesystem1.74.0", "libboost-filesystem1.83.0"),
    )


def _library_recipes() -> Iterator[Recipe]:
    for name, library in _LIBRARIES.items():
        code = (
            f"#include <stdio.h>\n#include <{library.header}>\n{_EXTRA.get(name, '')}"
            f'int main(void) {{ volatile long x = (long)({library.code}); printf("ok %ld\\n", x); return 0; }}\n'
        )
        yield Recipe(
            f"c-{name}",
            f"{_C} {library.package}",
            {"main.c": code},
            (f"gcc {_INCLUDE.get(name, '')}-o app main.c {library.link}",),
            runtime=library.runtime,
        )
    code = '#include <stdio.h>\n#include <zlib.h>\nint main(void) { printf("ok %s\\n", zlibVersion()); return 0; }\n'
    find = "find_package(ZLIB REQUIRED)\n"
    yield Recipe(
        "c-cmake-z",
        f"{_C} cmake make zlib1g-dev",
        {"main.c": code, **_cmake("main.c", "C", find, "target_link_libraries(app ZLIB::ZLIB)\n")},
        ("cmake . && make", "cmake -B build . && make -C build && cp build/app app"),
        runtime=("zlib1g",) * 3,
    )
    config = "app: main.c\n\tgcc -o app main.c $$(pkg-config --cflags --libs libcurl)\n"
    curl = (
        '#include <stdio.h>\n#include <curl/curl.h>\nint main(void) { printf("ok %s\\n", curl_version()); return 0; }\n'
    )
    yield Recipe(
        "c-pkgconfig",
        f"{_C} make pkg-config libcurl4-openssl-dev",
        {"main.c": curl, "Makefile": config},
        ("make", "gcc -o app main.c $(pkg-config --libs libcurl)"),
        runtime=_LIBRARIES["curl"].runtime,
    )


_GO_MOD = "module example.org/app\n\ngo 1.15\n"
_GO_HELLO = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("ok") }\n'
_GO_NET = (
    'package main\n\nimport (\n\t"fmt"\n\t"net"\n\t"os/user"\n)\n\n'
    'func main() {\n\tuser.Current()\n\tnet.LookupHost("localhost")\n\tfmt.Println("ok")\n}\n'
)
_GO_CGO = (
    "package main\n\n// #include <stdlib.h>\n// #include <stdio.h>\n"
    '// static int number(char *text) { return (int)strtol(text, 0, 10); }\nimport "C"\nimport "fmt"\n\n'
    'func main() { fmt.Println("ok", C.number(C.CString("7"))) }\n'
)
_GO_SQLITE = (
    'package main\n\n// #cgo LDFLAGS: -lsqlite3\n// #include <sqlite3.h>\nimport "C"\nimport "fmt"\n\n'
    'func main() { fmt.Println("ok", C.GoString(C.sqlite3_libversion())) }\n'
)


def _go_recipes() -> Iterator[Recipe]:
    plain = ("go build -o app .", "go build -ldflags='-s -w' -o app main.go", "CGO_ENABLED=0 go build -o app .")
    static = ("go build -ldflags '-linkmode external -extldflags \"-static\"' -o app .",)
    for name, code in (("hello", _GO_HELLO), ("net", _GO_NET)):
        files = {"go.mod": _GO_MOD, "main.go": code}
        yield Recipe(
            f"go-{name}",
            "golang-go ca-certificates gcc libc6-dev",
            files,
            (*plain, "go build -tags netgo,osusergo -o app ."),
        )
        yield Recipe(f"go-{name}-without-gcc", "golang-go ca-certificates", files, plain)
    yield Recipe(
        "go-cgo",
        "golang-go ca-certificates gcc libc6-dev",
        {"go.mod": _GO_MOD, "main.go": _GO_CGO},
        ("go build -o app .", "CGO_ENABLED=1 go build -trimpath -o app .", *static),
    )
    yield Recipe(
        "go-sqlite",
        "golang-go ca-certificates gcc libc6-dev libsqlite3-dev",
        {"go.mod": _GO_MOD, "main.go": _GO_SQLITE},
        ("go build -o app .", "go install . && cp $(go env GOPATH)/bin/app app"),
        runtime=("libsqlite3-0",) * 3,
    )


_CARGO = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2018"\n\n[dependencies]\n'
_RUST_HELLO = 'fn main() {\n    println!("ok");\n}\n'
_RUST_MORE = (
    "use std::process::Command;\nuse std::thread;\n\nfn main() {\n"
    '    thread::spawn(|| {}).join().unwrap();\n    let _ = Command::new("/nosuch").status();\n'
    '    let _ = std::net::TcpListener::bind("127.0.0.1:0");\n    println!("ok");\n}\n'
)
_RUST_SQLITE = (
    '#[link(name = "sqlite3")]\nextern "C" {\n    fn sqlite3_libversion_number() -> i32;\n}\n\n'
    'fn main() {\n    println!("ok {}", unsafe { sqlite3_libversion_number() });\n}\n'
)


def _rust_recipes() -> Iterator[Recipe]:
    lock = 'version = 3\n\n[[package]]\nname = "app"\nversion = "0.1.0"\n'
    ways = (
        "cargo build --release && cp target/release/app app",
        "cargo build --release --locked && mv target/release/app /src/app",
        "cargo install --path . --root /src/root && cp root/bin/app app",
        "cargo rustc --release -- -C target-feature=+crt-static && cp target/release/app app",
        "RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --target x86_64-unknown-linux-gnu && "
        "cp target/x86_64-unknown-linux-gnu/release/app app",
    )
    for name, code in (("hello", _RUST_HELLO), ("more", _RUST_MORE)):
        files = {"Cargo.toml": _CARGO, "Cargo.lock": lock, "src/main.rs": code}
        yield Recipe(f"rust-{name}", "cargo rustc gcc libc6-dev", files, ways)
    yield Recipe(
        "rustc",
        "rustc gcc libc6-dev",
        {"main.rs": _RUST_HELLO},
        ("rustc -O -o app main.rs", "rustc main.rs && cp main app"),
    )
    yield Recipe(
        "rust-sqlite",
        "cargo rustc gcc libc6-dev libsqlite3-dev",
        {"Cargo.toml": _CARGO, "Cargo.lock": lock, "src/main.rs": _RUST_SQLITE},
        ways[:2],
        runtime=("libsqlite3-0",) * 3,
    )


RECIPES = (*_c_recipes(), *_cxx_recipes(), *_library_recipes(), *_go_recipes(), *_rust_recipes())
