// builds tool
