"""The lending rules: one function, one reason, one id each. `verdict` runs them in the order of docs/rules.md."""
