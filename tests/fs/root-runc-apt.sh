# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A Debian root under runc:
# apt-get installs a compiler from the machine's mirror, and it compiles.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
root_begin runc debian
topic_apt
