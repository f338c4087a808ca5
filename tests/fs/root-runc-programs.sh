# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A Debian root under runc:
# python, a database, a compiler and sshd -t.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
root_begin runc tools
topic_programs
