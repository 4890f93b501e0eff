// The Node that runs the tests, where it is asked what Node does.

const oldest = 20; // the release whose manners handlers get (process.version)

/** For `skip`: why this Node is not the one to ask, or false. The tests themselves run with Node 18 too. */
export const oldNode =
  Number.parseInt(process.versions.node) >= oldest ? false : `what Node does is asked of Node ${oldest} or newer, not of ${process.version}`;
