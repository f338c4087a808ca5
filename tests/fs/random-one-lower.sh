#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# passthrough: both
# timeout: 3600
#
# A long random sequence of operations does to a container what it does to a
# plain directory.
. "${0%/*}/../lib.sh"
begin
. "$LIB_DIR/fs/random.lib"

random_one_lower
mount_fs
run_random 6000 --check-every=1000
