#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 3600
#
# The daemon is killed every now and then: nothing that was answered is lost,
# nothing that was not shows.
. "${0%/*}/../lib.sh"
begin
. "$LIB_DIR/fs/random.lib"

random_one_lower
mount_fs
random_remounter "$T/remount" kill_and_remount_fs
run_random 5000 --check-every=0 --remount="$T/remount" --remount-every=200
