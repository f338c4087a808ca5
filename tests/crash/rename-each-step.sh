# SPDX-License-Identifier: Apache-2.0
# timeout: 900
# Renames that crash or fail at each step: all or nothing.
. "${0%/*}/../lib.sh"
begin
. "$TOP/tests/crash/common.bash"

all_faults rename stack
