# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A Debian root under podman run --rootfs:
# python, a database, a compiler and sshd -t.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
root_begin podman tools
topic_programs
