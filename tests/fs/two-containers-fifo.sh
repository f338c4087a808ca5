# SPDX-License-Identifier: Apache-2.0
# A fifo of the template is another pipe in each container.
. "${0%/*}/../lib.sh"
begin
make_lower
mount_fs
mount_second

fsop open a "$MNT/fifo" 'O_RDWR|O_NONBLOCK' , open b "$MNT2/fifo" 'O_RDWR|O_NONBLOCK' , \
	write a mine , '!EAGAIN' read b 10 , write b yours , =mine read a 10 , \
	=yours read b 10
