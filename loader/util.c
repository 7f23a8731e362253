/* SPDX-License-Identifier: Apache-2.0 */
/* util.c - see util.h. */
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that FD has to give, with room for SIZE bytes at first. */
static int read_all(int fd, size_t size, size_t max, char **data, size_t *len)
{
	size_t room = size + 1, got = 0;
	char *buf = malloc(room);
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	while ((n = read(fd, buf + got, room - got)) > 0) {
		char *more = buf;

		got += n;
		if (got == room) /* it has grown, or does not tell its size */
			more = got < max ? realloc(buf, room *= 2) : NULL;
		if (!more) {
			free(buf);
			return got < max ? -ENOMEM : -EFBIG;
		}
		buf = more;
	}
	if (n < 0) {
		n = -errno;
		free(buf);
		return n;
	}
	buf[got] = 0;
	*data = buf;
	*len = got;
	return 0;
}

int read_file(const char *path, size_t max, char **data, size_t *len)
{
	struct stat st;
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || S_ISDIR(st.st_mode))
		rc = -EISDIR;
	else
		rc = (size_t)st.st_size > max ? -EFBIG : read_all(fd, st.st_size, max, data, len);
	close(fd);
	return rc;
}

int read_line(const char *path, char *buf, size_t size)
{
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return 0;
}

int write_line(const char *path, const char *text)
{
	int rc = 0, fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int path_join(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n >= 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}
