# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the rows of the table "Requests" in docs/behaviour.md do, in words of
# fsop.  @ is the row's own file (or what else its kind says), + another of its
# kind, % a directory beside it; "!" begins the count, else it begins with the
# first word.  A "~" in front: it changes nothing, so that warm is the second
# time.
#
#	file	8 KiB, with an attribute user.a
#	exec	a program
#	link	a symbolic link
#	absent	no such name; its directory is known
#	names	a directory of 30 names
#	many	one of 1,000 names
#	tree	3 directories below each other with 30 names in each
#	dir	an empty directory

declare -A OPS KINDS

op()
{
	KINDS[$2]=$1
	OPS[$2]=${*:3}
}

op file 'stat' '~ stat @ ino'
op absent 'stat of an absent name' '~ !ENOENT stat @'
op file 'access' '~ access @ R_OK'
op link 'readlink' '~ readlink @'
op file 'open, close' '~ open r @ O_RDONLY , close r'
op file 'open, read, close' '~ open r @ O_RDONLY , pread r 0 9 , close r'
op file 'open, read, close, stat' \
	'~ open r @ O_RDONLY , pread r 0 9 , close r , stat @ ino'
op file 'open, mmap, load, close' \
	'~ open r @ O_RDONLY , mmap m r 0 4096 PROT_READ MAP_SHARED , close r , mget m 0 9 , munmap m'
op exec 'exec' '~ exec @'
op file 'seek to the end' '~ open r @ O_RDONLY , ! , lseek r SEEK_END 0'
op file 'seek to data' '~ open r @ O_RDONLY , ! , lseek r SEEK_DATA 0'
op file 'getxattr' '~ getxattr @ user.a'
op file 'getxattr of an absent one' '~ !ENODATA getxattr @ user.b'
op file 'getxattr security.capability' \
	'~ !ENODATA getxattr @ security.capability'
op file 'listxattr' '~ listxattr @'
op file 'getfacl' '~ !ENODATA getxattr @ system.posix_acl_access'
op file 'stat by another user' '~ user 1000 1000 , stat @ ino'
op file 'statfs' '~ statfs @ type'
op file 'flock' '~ open r @ O_RDONLY , ! , flock r LOCK_EX , flock r LOCK_UN'
op file 'fcntl lock' '~ open r @ O_RDONLY , ! , setlk r F_RDLCK 0 1'
op names 'list 30 names' '~ list @'
op names 'list 30 names, stat each' '~ list @ stat'
op many 'list 1,000 names' '~ list @'
op many 'list 1,000 names, stat each' '~ list @ stat'
op many 'list 1,000 names, then stat each' '~ list @ then'
op tree 'find -size over 97 names, 4 directories' \
	'~ sh find|@|-size|+9G'

op file 'open to write, close' 'open w @ O_WRONLY , close w'
op file 'open to write, write, close' 'open w @ O_WRONLY , write w x , close w'
op file 'open with O_TRUNC, write, close' \
	'open w @ O_WRONLY|O_TRUNC , write w x , close w'
op file 'open to append, write, close' \
	'open w @ O_WRONLY|O_APPEND , write w x , close w'
op file 'a second write' 'open w @ O_WRONLY , write w x , ! , write w x'
op file 'a write of 1 MiB' 'open w @ O_WRONLY , write w x , ! , pwrite w 0 x*1M'
op file 'write, stat' 'open w @ O_WRONLY , write w x , ! , write w x , stat @ ino'
op file 'write after a stat' \
	'open w @ O_WRONLY , write w x , stat @ ino , ! , write w x'
op file 'first store to a mapping' \
	'open w @ O_RDWR , mmap m w 0 4096 PROT_READ|PROT_WRITE MAP_SHARED , ! , mput m 0 x'
op file 'a second store to a mapping' \
	'open w @ O_RDWR , mmap m w 0 4096 PROT_READ|PROT_WRITE MAP_SHARED , mput m 0 x , ! , mput m 0 x'
op file 'store, msync' \
	'open w @ O_RDWR , mmap m w 0 4096 PROT_READ|PROT_WRITE MAP_SHARED , ! , mput m 0 x , msync m'
op file 'stat while open to read and write' \
	'open w @ O_RDWR , stat @ ino , ! , stat @ ino'
op file 'open to read and write, close' 'open w @ O_RDWR , close w'
op file 'ftruncate' 'open w @ O_WRONLY , ! , ftruncate w 5'
op file 'fallocate' 'open w @ O_WRONLY , ! , fallocate w 0 0 9000'
op file 'fsync' 'open w @ O_WRONLY , write w x , ! , fsync w'
op file 'fdatasync' 'open w @ O_WRONLY , write w x , ! , fdatasync w'
op file 'copy_file_range' \
	'open r @ O_RDONLY , open w + O_WRONLY , ! , copyrange r 0 w 0 4096'
op file 'truncate' 'truncate @ 5'
op file 'chmod' 'chmod @ 0600'
op file 'chown' 'chown @ 7 7'
op file 'utimens' 'utimes @ 5 5'
op file 'setxattr' 'setxattr @ user.b x'
op file 'removexattr' 'removexattr @ user.a'
op absent 'create, write 1 byte, close' \
	'open w @ O_WRONLY|O_CREAT , write w x , close w'
op absent 'create, write 1 MiB, close' \
	'open w @ O_WRONLY|O_CREAT , write w x*1M , close w'
op absent 'create with O_EXCL, close' \
	'open w @ O_WRONLY|O_CREAT|O_EXCL , close w'
op absent 'create to read and write, close' \
	'open w @ O_RDWR|O_CREAT , close w'
op absent 'create, close, stat of the directory' \
	'open w @ O_WRONLY|O_CREAT , close w , stat % ino'
op absent 'create, close, stat' 'open w @ O_WRONLY|O_CREAT , close w , stat @ ino'
op absent 'O_TMPFILE, close' 'open w % O_TMPFILE|O_RDWR , close w'
op absent 'mkdir' 'mkdir @'
op absent 'mknod' 'mknod @ p 0600'
op absent 'symlink' 'symlink target @'
op file 'link' 'link @ @.l'
op file 'unlink' 'unlink @'
op dir 'rmdir' 'rmdir @'
op file 'rename' 'rename @ @.l'
op file 'rename to another directory' 'rename @ %/away/N'
op file 'rename over a file' 'rename @ +'
op file 'rename, stat' 'rename @ @.l , stat @.l ino'
op dir 'rename of a directory' 'rename @ @.l'
