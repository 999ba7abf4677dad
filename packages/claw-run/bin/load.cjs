'use strict';
// apart from the launcher: the syntax of `import()` is unknown to the oldest versions that the launcher answers
module.exports = (bin) => import(require('node:url').pathToFileURL(bin).href);
