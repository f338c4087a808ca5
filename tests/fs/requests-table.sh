# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# timeout: 600
# Every row of the table "Requests" in docs/behaviour.md: what an operation
# sends, by the kernel's count.
. "${0%/*}/../lib.sh"
. "${0%/*}/requests_ops.bash"
begin
DOC=$TOP/docs/behaviour.md
FAILED=
PASSES=
! passes_through || PASSES=y

make_kind()
{
	local i

	case $1 in
	file)	cp "$T/data" "$2"
		setfattr -n user.a -v x "$2" ;;
	exec)	cp /bin/true "$2" ;;
	link)	ln -s target "$2" ;;
	names)	mkdir "$2"
		touch "$2"/{1..30} ;;
	many)	mkdir "$2"
		touch "$2"/{1..1000} ;;
	tree)	mkdir -p "$2/1/2/3"
		touch "$2"/1/n{1..30} "$2"/1/2/n{1..30} "$2"/1/2/3/n{1..30}
		touch "$2"/n{1..3} ;;
	dir)	mkdir "$2" ;;
	absent)	;;
	esac
}

# The rows of the document: operation, files, cold, warm.
rows()
{
	sed -n '/^## Requests$/,/^## /s/^| \(.*\) |$/\1/p' "$DOC" |
		sed '1d; s/ | /|/g'
}

# Each row has things of its own in the directory of each class.
make_files()
{
	local d i=0 name t

	head -c 8192 /dev/zero | tr '\0' x >"$T/data"
	for name in "${NAMES[@]}"; do
		for t in c w c+ w+; do
			make_kind "${KINDS[$name]}" "$1/$i$t"
		done
		i=$((i + 1))
	done
	mkdir "$1/away"
}

# want CELL: what is to be sent here, sorted, in WANT.
want()
{
	local item items words=() n

	IFS=, read -ra items <<<"$1"
	for item in "${items[@]}"; do
		item=${item# }
		case $item in
		none)	continue ;;
		'('*)	[ -z "$PASSES" ] || continue ;;
		'['*)	[ "$PASSES" ] || continue ;;
		esac
		item=${item//[^0-9A-Z_ ]/}
		n=1
		[[ $item != *' '* ]] || n=${item% *}
		while [ $((n--)) -gt 0 ]; do
			words+=("${item##* }")
		done
	done
	WANT=$(printf '%s\n' "${words[@]}" | sort | tr '\n' ' ')
	WANT=${WANT% }
}

# What was sent, sorted, in SENT.
sent()
{
	SENT=$(requests | sed 's/^FUSE_//' | sort | tr '\n' ' ')
	SENT=${SENT% }
}

# check WHAT CELL: what nobody waits for comes a moment later.
check()
{
	local i

	want "$2"
	for ((i = 0; i < 100; i++)); do
		sent
		[ "$SENT" != "$WANT" ] || return 0
		[ "$(wc -w <<<"$SENT")" -lt "$(wc -w <<<"$WANT")" ] || break
		sleep 0.02
	done
	FAILED=y
	echo "$1: the table says '$WANT', sent '$SENT'"
	[ "$(wc -w <<<"$SENT")" -ge "$(wc -w <<<"$WANT")" ] ||
		echo "fewer than docs/behaviour.md says: change its table"
}

# run_op DIRECTORY NUMBER: the row's words, from the count's beginning.
run_op()
{
	local words=() w

	for w in ${OPS[$NAME]}; do
		w=${w//@/$1/$2}
		[[ $w != %* ]] || w=$1${w#%}
		case $w in
		'~')	continue ;;
		'!')	words+=(open t "$TRACE/trace" 'O_WRONLY|O_TRUNC') ;;
		+)	words+=("$1/$2+") ;;
		find*)	words+=("${w//|/ }") ;;
		*/N)	words+=("${w%N}$2") ;;
		*)	words+=("$w") ;;
		esac
	done
	fsop "${words[@]}" >/dev/null
}

# A stat of what is there and of what is not.
look()
{
	(cd "$1" && stat . "$2" "$2.l" "$2+" away away/"$2") >/dev/null 2>&1 || :
}

# row NUMBER CLASS COLD WARM
row()
{
	local d

	case $2 in
	shared)	d=$MNT/usr ;;
	coherent) d=$MNT/srv ;;
	private) d=$MNT/own ;;
	*)	t_fail "$NAME: no class of files: $2" ;;
	esac
	forget_names
	stat "$d" "$d/away" >/dev/null
	requests_reset
	run_op "$d" "$1c"
	check "$2: $NAME, cold" "$3"
	look "$d" "$1w"
	if [[ ${OPS[$NAME]} = '~'* ]]; then
		run_op "$d" "$1w"
		run_op "$d" "$1w"
		look "$d" "$1w"
	fi
	look "$d" "$1w"
	requests_reset
	run_op "$d" "$1w"
	check "$2: $NAME, warm" "$4"
}

forget_names()
{
	mount -i -o remount,rw "$MNT"
}

mapfile -t NAMES < <(printf '%s\n' "${!OPS[@]}" | sort)
mkdir -p "$LOWER"/{usr,srv,own}
make_files "$LOWER/usr"
make_files "$LOWER/srv"
mount_fs
make_files "$MNT/own"
# That the directories are private already is no part of an operation.
touch "$MNT"/{usr,srv}/new "$MNT"/{usr,srv}/away/new
requests_begin
# What the kernel asks once: a flush, copy_file_range in its longer form, statx.
fsop open r "$MNT/usr/new" O_RDWR , write r abc , copyrange r 0 r 10 1 , close r
stat "$MNT" >/dev/null
declare -A SEEN
while IFS='|' read -r NAME classes cold warm; do
	[ "${OPS[$NAME]:-}" ] || t_fail "nothing does '$NAME' of the table"
	for ((N = 0; N < ${#NAMES[@]}; N++)); do
		[ "${NAMES[N]}" != "$NAME" ] || break
	done
	for class in ${classes//,/ }; do
		row "$N" "$class" "$cold" "$warm"
	done
	SEEN[$NAME]=y
done < <(rows | grep -v '^---')
for NAME in "${NAMES[@]}"; do
	[ "${SEEN[$NAME]:-}" ] || t_fail "'$NAME' stands in no row of the table"
done
requests_end
[ -z "$FAILED" ] || t_fail "not what the table says"
