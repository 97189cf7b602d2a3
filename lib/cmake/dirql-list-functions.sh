#!/bin/sh
# dirql-list-functions.sh COMMAND... - runs a part of gcc, by its option -wrapper, and mends what it gives
# the assembler.
#
# By -fpatchable-function-entry, gcc lists the functions of a file in one section that belongs to the
# first of them. If the linker leaves that one out (an inline function of C++ that another file has,
# too), the whole list is lost; if it leaves out another, linking fails. Here each function gets a
# list of its own, which stays or goes with it.
case "${1##*/}" in
as | *-as) ;;
*) exec "$@" ;;
esac

mend() {
    awk '
        $1 == ".text" { group = ""; function_name = "" }
        $1 == ".section" && $2 ~ /^__patchable_function_entries,/ && function_name != "" {
            if (group != "") {
                print "\t.section\t__patchable_function_entries,\"awoG\",@progbits," \
                    function_name "," group ",comdat"
            } else {
                print "\t.section\t__patchable_function_entries,\"awo\",@progbits," function_name
            }
            next
        }
        $1 == ".section" {
            fields = split($0, field, ",")
            group = field[fields] == "comdat" ? field[fields - 1] : ""
            function_name = ""
        }
        /^[A-Za-z_][^ \t]*:$/ { function_name = substr($0, 1, length($0) - 1) }
        { print }
    ' "$@"
}

for argument in "$@"; do
    source=$argument
done
case "$source" in
*.s)
    mend "$source" > "$source.mended" && mv "$source.mended" "$source" && exec "$@"
    ;;
*)
    mend | "$@"
    ;;
esac
