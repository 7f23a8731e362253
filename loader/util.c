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

int read_file(const char *path, size_t max, char **data, size_t *len)
{
	struct stat st;
	size_t room, got = 0;
	ssize_t n = 0;
	char *buf;
	int fd, rc = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || S_ISDIR(st.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	if ((size_t)st.st_size > max) {
		close(fd);
		return -EFBIG;
	}
	room = st.st_size + 1;
	buf = malloc(room);
	while (buf && (n = read(fd, buf + got, room - got)) > 0) {
		got += n;
		if (got == room) { /* it has grown, or does not tell its size */
			char *more = got < max ? realloc(buf, room * 2) : NULL;

			if (!more) {
				rc = got < max ? -ENOMEM : -EFBIG;
				break;
			}
			buf = more;
			room *= 2;
		}
	}
	if (!buf)
		rc = -ENOMEM;
	else if (n < 0)
		rc = -errno;
	close(fd);
	if (rc) {
		free(buf);
		return rc;
	}
	buf[got] = 0;
	*data = buf;
	*len = got;
	return 0;
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
