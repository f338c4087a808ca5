# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A Debian root under crun:
# unix sockets, locks and inotify between processes inside.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
root_begin crun tools
topic_local
