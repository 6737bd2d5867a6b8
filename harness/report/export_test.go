package report

// Synthetic is for the tests in the browser, which see the package from outside.
var Synthetic = synthetic
