# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A Debian root under runc:
# unix sockets, locks and inotify between processes inside.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
root_begin runc tools
topic_local
