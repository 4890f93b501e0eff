#include "fuzz.h"

#include <ftw.h>
#include <sys/stat.h>

/*
 * A target without libFuzzer: runs the files that are named, and those of the folders that are, each once.
 * What does not hold ends the program; the last file named on stderr is then the one.
 */

enum { OPEN_FOLDERS = 8 };

static size_t count;

static int run_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
    size_t length = (size_t)status->st_size;
    FILE *file = type == FTW_F ? fopen(path, "rb") : NULL;

    (void)place;
    if (type != FTW_F)
        return type == FTW_D ? 0 : -1;
    uint8_t *data = malloc(length); /* exactly its size: a read past it shows */
    if (!file || (length > 0 && (!data || fread(data, length, 1, file) != 1))) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    fclose(file);
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, length);
    free(data);
    count++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (nftw(argv[i], run_file, OPEN_FOLDERS, FTW_PHYS) != 0) {
            fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 2;
        }
    }
    if (count == 0) {
        fprintf(stderr, "usage: %s FILE|FOLDER ...\n", argv[0]);
        return 2;
    }
    printf("%zu inputs\n", count);
    return 0;
}
