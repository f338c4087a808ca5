#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 3600
#
# The same on a stack of three templates with whiteouts and opaque directories,
# unmounted and mounted again every now and then.
. "${0%/*}/../lib.sh"
begin
. "$LIB_DIR/fs/random.lib"

t_union_only
random_three_lowers
mount_fs
random_remounter "$T/remount" remount_fs
run_random 6000 --check-every=1000 --remount="$T/remount" --remount-every=500
