# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# A Debian root under systemd-nspawn:
# dpkg adds a package, and installs one over the template's files.
. "${0%/*}/../lib.sh"
. "${0%/*}/root.bash"
begin
root_begin nspawn debian
topic_dpkg
