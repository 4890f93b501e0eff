/* A shared object that is no module. */

int nothing_of_interest;
