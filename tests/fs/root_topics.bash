# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016
#
# What is done in a container's root, in any runtime: by root.bash.

# give_package NAME DIR: puts its file there, as NAME.deb.  The machine's apt
# fetches it, once.
give_package()
{
	local kept=$STENCIL_CACHE/debs new

	mkdir -p "$kept"
	if [ ! -f "$kept/$1.deb" ]; then
		new=$(mktemp -d "$kept/new.XXXXXX")
		(cd "$new" && apt-get -qq -o APT::Sandbox::User=root \
			download "$1") || {
			rm -r "$new"
			t_skip "the machine's mirror does not give $1"
		}
		mv "$new"/*.deb "$kept/$1.deb"
		rmdir "$new"
	fi
	cp "$kept/$1.deb" "$2"
}

# dpkg adds a package, and installs another over the template's own files.
topic_dpkg()
{
	give_package hello "$MNT/root"
	give_package coreutils "$MNT/root"
	script '
		dpkg -i /root/hello.deb
		[ "$(hello -g here)" = here ]
		before=$(stat -c %i /bin/ls)
		dpkg -i /root/coreutils.deb
		[ "$(stat -c %i /bin/ls)" != "$before" ]
		ls --version >/dev/null
		dpkg --audit
		[ -z "$(dpkg --verify)" ]
		dpkg -r hello
		[ ! -e /usr/bin/hello ]
		dpkg --purge hello
		! dpkg -s hello 2>/dev/null
		[ -z "$(find / -xdev -name "*.dpkg-*")" ]'
	private_figures dpkg
}

# apt installs a compiler from the machine's mirror, and it compiles.
topic_apt()
{
	"$TOP/tools/debian-root" apt "$MNT"
	if ! inside apt-get -qq --error-on=any update; then
		mirror_answers || t_skip "the machine's mirror does not answer"
		t_fail "apt-get update fails inside, and not on the machine"
	fi
	script '
		apt-get -qq install -y --no-install-recommends tcc libc6-dev
		apt-get -qq check
		dpkg --audit
		[ -z "$(dpkg --verify)" ]'
	compile_hello
	private_figures "apt-get install tcc libc6-dev"
}

# The same sources, asked by the machine itself.
mirror_answers()
{
	mkdir -p "$T/apt/lists/partial"
	apt-get -qq --error-on=any -o Dir::State::lists="$T/apt/lists" \
		-o Dir::Etc::sourcelist="$MNT/etc/apt/sources.list" \
		-o Dir::Etc::sourceparts=- update
}

compile_hello()
{
	script '
		mkdir -p /root/src
		cd /root/src
		cat >hello.c <<-END
			#include <stdio.h>
			int main(int argc, char **argv)
			{
				return printf("hello from %s\n", argv[0]) < 0;
			}
		END
		tcc -o hello hello.c
		[ "$(./hello)" = "hello from ./hello" ]'
}

# What an interpreter, a compiler and a daemon say of the root.
topic_programs()
{
	inside python3 - programs <"$LIB_DIR/fs/root.py"
	script '
		python3 -m compileall -q -f /usr/lib/python3.11/json
		python3 -m json.tool <<-END
			{ "a": [1, 2] }
		END'
	compile_hello
	script '
		mkdir -p /run/sshd
		/usr/sbin/sshd -t
		echo "NoSuchOption yes" >>/etc/ssh/sshd_config
		! /usr/sbin/sshd -t 2>/dev/null'
	grep -q NoSuchOption "$MNT/etc/ssh/sshd_config" ||
		t_fail "the change to a configuration does not show outside"
}

# gains WANT COMMAND...: what a stranger's program gets.
gains()
{
	t_eq "$1" "$(script 'exec setpriv --reuid 1000 --regid 1000 \
		--clear-groups "$@"' "${@:2}")" "as a stranger: ${*:2}"
}

# Set-id programs and file capabilities, the template's and new ones.
topic_privileges()
{
	script '
		cp -p /usr/local/bin/setid /usr/local/bin/setid-copy
		cp /usr/bin/cat /usr/local/bin/capcat-new
		setcap cap_chown+ep /usr/local/bin/capcat-new
		getcap /usr/local/bin/capcat-new | grep -q cap_chown=ep
		getcap /usr/local/bin/capcat | grep -q cap_net_raw=ep'
	gains 1000 setid -ru
	if [ "$RUNTIME" = bwrap ]; then
		# bwrap sets no_new_privs for all that it starts.
		gains 1000 setid -u
		t_eq 1 "$(script 'sed -n "s/NoNewPrivs:\t//p" \
			/proc/self/status')" "no_new_privs"
	else
		gains 0 setid -u
		gains 42 setid -g
		gains 0 setid-copy -u
		# It reads /etc/shadow.
		gains user sh -c 'passwd -S user | cut -d" " -f1'
		t_eq 0000000000002000 "$(capabilities_of capcat)" \
			"the template's file capability"
		t_eq 0000000000000001 "$(capabilities_of capcat-new)" \
			"a new file capability"
	fi
	# Whoever writes to a file takes its capabilities away.
	script '
		echo >>/usr/local/bin/capcat
		[ -z "$(getcap /usr/local/bin/capcat)" ]'
	nested_namespace
}

capabilities_of()
{
	script 'setpriv --reuid 1000 --regid 1000 --clear-groups "$1" \
		/proc/self/status | sed -n "s/^CapEff:\t//p"' "$1"
}

# A stranger makes a user namespace and is root in it: what it writes there
# belongs to the stranger outside.
nested_namespace()
{
	if [ "$RUNTIME" = chroot ]; then
		# The kernel allows none below a changed root.
		script '! setpriv --reuid 1000 --regid 1000 --clear-groups \
			unshare -U -r true 2>/dev/null'
		return
	fi
	script '
		install -d -o 1000 -g 1000 /home/user/ns
		cd /home/user/ns
		setpriv --reuid 1000 --regid 1000 --clear-groups \
			unshare -U -r -m sh -euc "
			[ \$(id -u) = 0 ]
			echo inside >file
			chmod 600 file
			[ \$(stat -c %u file) = 0 ]
			! chown 5 file 2>/dev/null
			! touch /etc/passwd 2>/dev/null
			mkdir dir
			mount --bind /usr dir
			[ -x dir/bin/env ]"
		[ "$(stat -c %u:%g:%a file)" = 1000:1000:600 ]'
}

# Sockets, locks and notices between processes inside.
topic_local()
{
	inside python3 - local <"$LIB_DIR/fs/root.py"
}

# private_figures WHAT: for the log and README.
private_figures()
{
	local kinds

	[ "$UNDER_TEST" = stencilfs ] || return 0
	kinds=$(root_ctl diff c1 | awk '{ n[$1]++ } END {
		printf "%d added, %d changed, %d deleted", n["A"], n["C"], n["D"]
	}')
	echo "$RUNTIME: $1: private area $(private_kb) KB; $kinds;" \
		"files broken: $(root_ctl diff c1 | broken_files | wc -l)"
}

# Of a container's changes, the regular files that the template has as well.
broken_files()
{
	local path

	sed -n 's/^C //p' | while read -r path; do
		if [ -f "$UPPER$path" ] && [ ! -L "$UPPER$path" ]; then
			echo "$path"
		fi
	done
}
