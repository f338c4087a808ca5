# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A Debian root under systemd-nspawn:
# set-id programs, file capabilities, a user namespace inside.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
root_begin nspawn tools
topic_privileges
