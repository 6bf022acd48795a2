"""Who in a record system is the person an ask names: identifiers first, else a description that is scored."""
