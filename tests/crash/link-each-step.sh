# SPDX-License-Identifier: Apache-2.0
# timeout: 900
# Hard links of the template that crash or fail at each step: all or nothing.
. "${0%/*}/../lib.sh"
begin
. "$TOP/tests/crash/common.bash"

all_faults link
